import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { translate } from './sqlite-errors.js';
import { IN_MEMORY, locate } from './store-file.js';

/**
 * Requests to whoever has a store open, in a small database beside it, `-requests`: other processes of the machine leave them, its owner
 * carries them out. Only the owner decides about sagas; that others can ask it needs no port and no server.
 *
 * R1. A request is carried out by one taker. One that died with it is followed by the next, under the same id: sagas give the first answer
 *     again.
 * R2. A request that was withdrawn was taken by nobody and never will be.
 * R3. A request that nobody takes stays; nothing is lost with a process.
 */
const FORMAT = 1;
/** Answers that nobody fetched go after a day. */
const KEEP = 24 * 60 * 60 * 1_000;
/** How long a write waits for that of another process, in milliseconds. */
const PATIENCE = 2_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS requests (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, posted_at INTEGER NOT NULL, text TEXT NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0, answer TEXT, answered_at INTEGER) STRICT`;

/** A request and what it asks: a text, which the box does not look into. */
export interface PostedRequest {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly postedAt: number;
  readonly text: string;
}

export type RequestState =
  | { readonly state: 'waiting' | 'taken' }
  | { readonly state: 'answered'; readonly answer: string }
  | { readonly state: 'gone' };

export class RequestBox {
  readonly #statements: Record<
    'post' | 'state' | 'withdraw' | 'forget' | 'waiting' | 'take' | 'release' | 'answer' | 'prune',
    StatementSync
  >;

  constructor(
    private readonly file: string,
    private readonly db: DatabaseSync,
  ) {
    const columns = 'number, id, posted_at, text';
    this.#statements = {
      post: db.prepare('INSERT INTO requests (id, posted_at, text) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING'),
      state: db.prepare('SELECT taken, answer FROM requests WHERE id = ?'),
      withdraw: db.prepare('DELETE FROM requests WHERE id = ? AND taken = 0 AND answer IS NULL'),
      forget: db.prepare('DELETE FROM requests WHERE id = ?'),
      waiting: db.prepare(`SELECT ${columns} FROM requests WHERE taken = 0 AND answer IS NULL ORDER BY number LIMIT ?`),
      take: db.prepare('UPDATE requests SET taken = 1 WHERE number = ? AND taken = 0'),
      release: db.prepare('UPDATE requests SET taken = 0 WHERE taken = 1 AND answer IS NULL'),
      answer: db.prepare('UPDATE requests SET answer = ?, answered_at = ? WHERE id = ?'),
      prune: db.prepare('DELETE FROM requests WHERE answered_at < ?'),
    };
  }

  post({ id, postedAt, text }: PostedRequest): void {
    this.#run(() => this.#statements.post.run(id, postedAt, text));
  }

  stateOf(id: string): RequestState {
    const row = this.#run(() => this.#statements.state.get(id));
    if (!row) return { state: 'gone' };
    if (typeof row['answer'] === 'string') return { state: 'answered', answer: row['answer'] };
    return { state: row['taken'] === 1 ? 'taken' : 'waiting' };
  }

  /** R2. False: somebody has taken it. */
  withdraw(id: string): boolean {
    return this.#run(() => this.#statements.withdraw.run(id)).changes === 1;
  }

  /** Once its answer was read. */
  forget(id: string): void {
    this.#run(() => this.#statements.forget.run(id));
  }

  /** Requests that nobody has taken, the first first. */
  waiting(limit = 1_000): PostedRequest[] {
    return this.#run(() => this.#statements.waiting.all(limit)).map(requestOf);
  }

  /** For the owner: up to `limit` requests, which nobody else gets then. */
  take(limit: number): PostedRequest[] {
    // Looking costs no lock; only where there is something others are kept out.
    if (this.waiting(1).length === 0) return [];
    return this.#transaction(() => {
      const rows = this.#statements.waiting.all(limit);
      for (const row of rows) this.#statements.take.run(row['number'] ?? null);
      return rows.map(requestOf);
    });
  }

  /** For a new owner. R1: what one before it took and did not answer is to be taken again. */
  release(): void {
    this.#run(() => this.#statements.release.run());
  }

  answer(id: string, answer: string, now: number): void {
    this.#transaction(() => {
      this.#statements.answer.run(answer, now, id);
      this.#statements.prune.run(now - KEEP);
    });
  }

  close(): void {
    this.db.close();
  }

  #transaction<T>(work: () => T): T {
    return this.#run(() => {
      this.db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.db.isTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #run<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translate(error, this.file, 'use');
    }
  }
}

function requestOf(row: Readonly<Record<string, unknown>>): PostedRequest {
  return { id: String(row['id']), postedAt: Number(row['posted_at']), text: String(row['text']) };
}

/**
 * The box of a store, for `create` made where there is none; else undefined there, and for a store in memory. Throws `store-unavailable`,
 * `store-corrupt`, `store-newer`.
 */
export function openRequestBox(store: string, { create }: { readonly create: boolean }): RequestBox | undefined {
  const located = locate(store);
  if (located === IN_MEMORY) return undefined;
  const file = `${located}-requests`;
  if (!create && !existsSync(file)) return undefined;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec(`PRAGMA busy_timeout = ${PATIENCE}`);
    const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (found > FORMAT) throw new SkaldError('store-newer', { file, found, known: FORMAT });
    if (found === 0) db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${FORMAT}; COMMIT`);
    return new RequestBox(file, db);
  } catch (error) {
    db?.close();
    throw translate(error, file, 'open');
  }
}
