import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Fence, type FenceRecord, type FenceSession, forgettable, SkaldError } from '@skald/kernel';
import { FenceRows } from './fence-rows.js';
import { PatientBegin } from './patient-begin.js';
import { isBusy, translate } from './sqlite-errors.js';
import { fileOf, inTransaction } from './transaction-state.js';

/**
 * A fence in a participant's own database.
 *
 * N1. A session is one transaction: when its promise resolves everything in it is durable, the records and the business change alike; when
 *     it rejects nothing of it is.
 * N2. Sessions of one connection run one after the other, also those of two fences.
 * N3. A savepoint undoes what its work did, and nothing else.
 * N4. When SQLite has ended the transaction by itself (a full disk), or the participant's code has, nothing more is done in the session:
 *     each statement would be a transaction of its own.
 * N5. Several processes may share the database: a session waits for its turn without stopping the event loop, and rejects with `store-busy`,
 *     nothing done, when there is none for 5 seconds.
 */
export function sqliteFence(db: DatabaseSync): Fence {
  return new SqliteFence('transactional', db);
}

/** For a participant whose effects are elsewhere, in somebody else's API: the same records, without a common transaction. */
export function externalFence(db: DatabaseSync): Fence {
  return new SqliteFence('external', db);
}

export interface ExternalFenceOptions {
  /** Created where there is none; its folder must exist. */
  readonly file: string;
  /**
   * When what earlier processes were at is taken over, epoch milliseconds; only for a file that no other process uses: then nobody is at it any more.
   * Default: each run at the end of its lease.
   */
  readonly takeOverAt?: number;
}

/** An external fence in a file of its own, which is created where there is none. */
export function externalSqliteFence({ file, takeOverAt }: ExternalFenceOptions): { readonly fence: Fence; close(): Promise<void> } {
  const db = openParticipantDatabase(file);
  const fence = new SqliteFence('external', db);
  if (takeOverAt !== undefined) fence.takeOver(takeOverAt);
  let isOpen = true;
  return {
    fence,
    close: () =>
      inTurn(db, async () => {
        if (isOpen) db.close();
        isOpen = false;
      }),
  };
}

/** A database set up as a fence needs it: what is committed survives a power failure, readers and one writer do not stop each other. */
export function openParticipantDatabase(file: string): DatabaseSync {
  try {
    const db = new DatabaseSync(file);
    try {
      db.exec('PRAGMA busy_timeout = 5000');
      switchToWal(db);
      db.exec('PRAGMA synchronous = FULL');
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw translate(error, file, 'open');
  }
}

/** Of several processes that open a new file at the same time all but one are refused, at once: here SQLite does not wait. */
function switchToWal(db: DatabaseSync): void {
  for (const deadline = Date.now() + 5_000; ; ) {
    try {
      return db.exec('PRAGMA journal_mode = WAL');
    } catch (error) {
      if (!isBusy(error) || Date.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** N2: the last session of each connection. */
const turns = new WeakMap<DatabaseSync, Promise<unknown>>();

function inTurn<T>(db: DatabaseSync, work: () => Promise<T>): Promise<T> {
  const turn = (turns.get(db) ?? Promise.resolve()).then(work);
  turns.set(
    db,
    turn.catch(() => {}),
  );
  return turn;
}

function attempt<T>(db: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error, fileOf(db), 'use');
  }
}

class SqliteFence implements Fence {
  readonly #rows: FenceRows;
  readonly #begin: PatientBegin;
  readonly #commit: StatementSync;
  readonly #savepoints: Savepoints;

  constructor(
    readonly kind: 'transactional' | 'external',
    private readonly db: DatabaseSync,
  ) {
    this.#rows = new FenceRows(db);
    this.#begin = new PatientBegin(db);
    this.#commit = db.prepare('COMMIT');
    this.#savepoints = new Savepoints(db);
  }

  session<T>(work: (session: FenceSession) => Promise<T>): Promise<T> {
    return inTurn(this.db, async () => {
      await this.#begin.run();
      const session = new SqliteFenceSession(this.db, this.#rows, this.#savepoints);
      try {
        const result = await work(session);
        session.end();
        attempt(this.db, () => this.#commit.run());
        return result;
      } catch (error) {
        session.abandon();
        this.#rollBack();
        throw error;
      }
    });
  }

  takeOver(at: number): void {
    attempt(this.db, () => this.#rows.cutLeases(at));
  }

  #rollBack(): void {
    try {
      this.db.exec('ROLLBACK');
    } catch {
      // SQLite or the participant's code has ended the transaction already, or closed the connection.
    }
  }

  prune(before: number): Promise<number> {
    return inTurn(this.db, async () => attempt(this.db, () => this.#rows.prune(forgettable(before, Date.now()))));
  }
}

class SqliteFenceSession implements FenceSession {
  /** Why nothing more can be done here. */
  #broken: SkaldError | undefined;
  #depth = 0;

  constructor(
    private readonly db: DatabaseSync,
    private readonly rows: FenceRows,
    private readonly savepoints: Savepoints,
  ) {}

  get(key: string): FenceRecord | undefined {
    this.#check();
    return attempt(this.db, () => this.rows.get(key));
  }

  put(key: string, record: FenceRecord): void {
    this.#check();
    attempt(this.db, () => this.rows.put(key, record));
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#check();
    const depth = ++this.#depth;
    this.savepoints.open(depth);
    try {
      const result = await work();
      this.#close(depth);
      this.savepoints.keep(depth);
      return result;
    } catch (error) {
      this.#undo(depth);
      throw error;
    }
  }

  /** Before the commit: throws when there is no transaction left to commit. */
  end(): void {
    this.#check();
    if (this.#depth > 0) this.#break('a savepoint is still open at the end of the session');
    this.#check();
    this.abandon();
  }

  abandon(): void {
    this.#broken ??= new SkaldError('store-failed', { problem: 'the fence session has ended' });
  }

  #undo(depth: number): void {
    if (this.#broken) return;
    if (!inTransaction(this.db)) return this.#break('the transaction was ended by a statement that failed');
    if (this.#depth < depth) return this.#break('a savepoint could not be released');
    try {
      this.#close(depth);
      this.savepoints.undo(depth);
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  #close(depth: number): void {
    this.#check();
    // Savepoints are a stack: of two that run at the same time the inner one would be kept or undone with the outer one.
    if (this.#depth !== depth) this.#break('two savepoints were open at the same time, not one in the other');
    this.#check();
    this.#depth--;
  }

  #check(): void {
    if (this.#broken) throw this.#broken;
    if (inTransaction(this.db)) return;
    this.#break('the transaction of the fence session was ended from outside, or by a statement that failed');
    this.#check();
  }

  #break(problem: string): void {
    this.#broken ??= new SkaldError('store-failed', { problem });
  }
}

/** Statements by depth, prepared once: this is the hot path of a participant. */
class Savepoints {
  readonly #levels: { open: StatementSync; keep: StatementSync; undo: StatementSync }[] = [];

  constructor(private readonly db: DatabaseSync) {}

  open(depth: number): void {
    this.#levels[depth] ??= {
      open: this.db.prepare(`SAVEPOINT skald_${depth}`),
      keep: this.db.prepare(`RELEASE skald_${depth}`),
      undo: this.db.prepare(`ROLLBACK TO skald_${depth}`),
    };
    this.#levels[depth].open.run();
  }

  keep(depth: number): void {
    this.#levels[depth]?.keep.run();
  }

  undo(depth: number): void {
    this.#levels[depth]?.undo.run();
    this.keep(depth);
  }
}
