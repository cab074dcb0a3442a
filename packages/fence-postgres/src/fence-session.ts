import { randomUUID } from 'node:crypto';
import { type FenceRecord, type FenceSession, SkaldError } from '@skald/kernel';
import type { PoolClient, QueryResult } from 'pg';
import { type FenceTable, recordOf } from './fence-table.js';
import { rolledBack } from './postgres-errors.js';
import { guarded } from './transaction-client.js';

/** What a session needs to know of its fence. */
export interface SessionSettings {
  readonly table: FenceTable;
  readonly begin: string;
  /** How long to wait for a key that another session has, in milliseconds. */
  readonly patience: number;
}

/** Between two looks at a key that another session has, in milliseconds: the first, doubled each time up to the last. */
const FIRST_LOOK = 5;
const LAST_LOOK = 200;
/** A key in use is to be asked for again after this, in milliseconds. */
const ASK_AGAIN = 1_000;

/**
 * One transaction of a fence, on one client.
 *
 * S1. Who reads a key has it locked until the transaction ends: of two sessions with one key, in whatever process, the second reads what the
 *     first has committed, or that it is running.
 * S2. A savepoint undoes what its work did, and nothing else; savepoints are a stack.
 * S3. After the transaction has ended, by whomever, nothing more is written in the session: each statement would be a transaction of its own.
 */
export class PostgresFenceSession implements FenceSession {
  /** For the action's code. */
  readonly client: PoolClient;
  /** S3: set for this transaction only; a statement that finds it gone does nothing. */
  readonly #token = randomUUID();
  /** Keys that are locked, and the depth at which they were: a savepoint that is undone gives its locks back. */
  readonly #locked = new Map<string, number>();
  #depth = 0;
  /** Why nothing more can be done here. */
  #broken: SkaldError | undefined;
  #xid: string | undefined;

  constructor(
    private readonly raw: PoolClient,
    private readonly settings: SessionSettings,
  ) {
    this.client = guarded(raw, () => this.#broken === undefined);
  }

  /** Of the transaction, once it has written a record. */
  get xid(): string | undefined {
    return this.#xid;
  }

  async begin(): Promise<void> {
    await this.#query(`${this.settings.begin}; SET LOCAL skald.session = '${this.#token}'`);
  }

  /** S1. */
  async get(key: string): Promise<FenceRecord | undefined> {
    const { patience } = this.settings;
    const start = performance.now();
    for (let pause = FIRST_LOOK; ; pause = Math.min(LAST_LOOK, 2 * pause)) {
      const { locked, record } = await this.#lockAndRead(key);
      if (locked) return record;
      if (performance.now() - start + pause > patience) {
        const leaseUntil = Date.now() + ASK_AGAIN;
        return record?.type === 'running' ? { ...record, leaseUntil } : { type: 'running', leaseUntil, token: 'another session' };
      }
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
    }
  }

  async put(key: string, record: FenceRecord): Promise<void> {
    if (!this.#locked.has(key)) await this.get(key);
    if (!this.#locked.has(key)) throw this.#rolledBack(`another session has the key ${key}`);
    const { table } = this.settings;
    const { rows } = await this.#query(table.put, [...table.parameters(key, record), this.#token]);
    if (rows.length === 0) throw this.#break('the transaction was ended by the action’s code');
    this.#xid = String(rows[0]?.['xid']);
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    this.#check();
    const depth = ++this.#depth;
    await this.#query(`SAVEPOINT skald_${depth}`);
    try {
      const result = await work();
      this.#check();
      if (this.#depth !== depth) throw this.#break('two savepoints were open at the same time, not one in the other');
      await this.#query(`RELEASE SAVEPOINT skald_${depth}`);
      this.#leave(depth, (key) => this.#locked.set(key, depth - 1));
      return result;
    } catch (error) {
      await this.#undo(depth);
      throw error;
    }
  }

  /** Before the commit: nothing is done in the session any more. Rejects where the commit would not keep all of it. */
  async end(): Promise<void> {
    this.#check();
    if (this.#depth > 0) throw this.#break('a savepoint is still open at the end of the session');
    // What the action's code wrote without a record has to be found again as well, should the connection be lost.
    if (this.#xid === undefined) {
      const { rows } = await this.#query('SELECT pg_current_xact_id_if_assigned()::text AS xid');
      this.#xid = (rows[0]?.['xid'] as string | null) ?? undefined;
    }
    this.abandon();
  }

  abandon(): void {
    this.#broken ??= this.#rolledBack('the session has ended');
  }

  async #lockAndRead(key: string): Promise<{ readonly locked: boolean; readonly record: FenceRecord | undefined }> {
    const text = this.settings.table.lockAndRead(key, (one) => this.raw.escapeLiteral(one));
    const [lock, found] = (await this.#query(text)) as unknown as [QueryResult, QueryResult];
    const locked = lock.rows[0]?.locked === true;
    if (locked && !this.#locked.has(key)) this.#locked.set(key, this.#depth);
    const row: Record<string, unknown> | undefined = found.rows[0];
    return { locked, record: row && recordOf(row) };
  }

  async #undo(depth: number): Promise<void> {
    if (this.#broken) return;
    if (this.#depth !== depth) {
      this.#break('two savepoints were open at the same time, not one in the other');
      return;
    }
    try {
      await this.raw.query(`ROLLBACK TO SAVEPOINT skald_${depth}; RELEASE SAVEPOINT skald_${depth}`);
      this.#leave(depth, (key) => this.#locked.delete(key));
    } catch (error) {
      this.#broken = rolledBack(this.settings.table.table, error);
    }
  }

  #leave(depth: number, forLocksOfIt: (key: string) => void): void {
    this.#depth = depth - 1;
    for (const [key, since] of this.#locked) if (since >= depth) forLocksOfIt(key);
  }

  async #query(text: string, values?: unknown[]): Promise<QueryResult<Record<string, unknown>>> {
    this.#check();
    try {
      return await this.raw.query(text, values);
    } catch (error) {
      throw rolledBack(this.settings.table.table, error);
    }
  }

  #check(): void {
    if (this.#broken) throw this.#broken;
  }

  #break(problem: string): SkaldError {
    this.#broken ??= this.#rolledBack(problem);
    return this.#broken;
  }

  #rolledBack(problem: string): SkaldError {
    return new SkaldError('fence-rolled-back', { table: this.settings.table.table, problem });
  }
}
