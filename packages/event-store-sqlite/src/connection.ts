import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { translate } from './sqlite-errors.js';
import { letGo } from './store-file.js';
import type { WriteTurns } from './write-turns.js';

/** Readers and writers do not stop each other. A reader waits, in milliseconds, only while somebody repairs the log after a crash. */
const READER_PATIENCE = 1_000;

/** What a connection is to the file: its only writer, one of several, or a reader. */
export type Role = 'owner' | 'sharer' | 'reader';

/** The open database of a store: refuses what comes after the end, gives foreign errors in the catalogue's words, keeps transactions whole. */
export class Connection {
  #closed = false;

  constructor(
    readonly db: DatabaseSync,
    readonly file: string,
    readonly role: Role,
    /** A sharer's. */
    private readonly turns?: WriteTurns,
  ) {
    if (turns) db.exec(`PRAGMA busy_timeout = ${READER_PATIENCE}`);
  }

  get closed(): boolean {
    return this.#closed;
  }

  run<T>(work: () => T): T {
    if (this.#closed) throw new SkaldError('store-closed');
    try {
      return work();
    } catch (error) {
      throw translate(error, this.file, 'use');
    }
  }

  /** All of `work` is stored when this resolves; nothing of it when it rejects, after calling `undone`. `work` does not begin before its turn. */
  async transaction<T>(work: () => T, undone: () => void): Promise<T> {
    return this.run(() => {
      if (this.role === 'reader') throw new SkaldError('store-read-only', { file: this.file });
      if (this.turns) return this.#inTurn(this.turns, work, undone);
      this.db.exec('BEGIN IMMEDIATE');
      return this.#finish(work, undone);
    });
  }

  async #inTurn<T>(turns: WriteTurns, work: () => T, undone: () => void): Promise<T> {
    try {
      return await turns.run(
        () => this.#beginOrThrow(),
        () => this.#finish(work, undone),
      );
    } catch (error) {
      throw translate(error, this.file, 'use');
    }
  }

  /** Without waiting in SQLite, which would stop the event loop. */
  #beginOrThrow(): void {
    this.db.exec('PRAGMA busy_timeout = 0');
    try {
      this.db.exec('BEGIN IMMEDIATE');
    } finally {
      this.db.exec(`PRAGMA busy_timeout = ${READER_PATIENCE}`);
    }
  }

  #finish<T>(work: () => T, undone: () => void): T {
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        this.db.exec('ROLLBACK');
      } catch {
        // A full disk or an I/O error has ended the transaction already.
      } finally {
        undone();
      }
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.turns?.close();
    this.db.close();
    letGo(this.file);
  }
}

/** Notices, for whoever remembers something of the file, that another connection has committed to it. */
export class Watch {
  readonly #statement: StatementSync;
  #version: unknown;

  constructor(db: DatabaseSync) {
    this.#statement = db.prepare('PRAGMA data_version');
    this.changed();
  }

  /** Since it was last asked. Within a transaction: up to its beginning. */
  changed(): boolean {
    const version = this.#statement.get()?.['data_version'];
    const changed = version !== this.#version;
    this.#version = version;
    return changed;
  }
}
