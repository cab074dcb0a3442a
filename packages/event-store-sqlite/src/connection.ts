import type { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { translate } from './sqlite-errors.js';

/** The open database of a store: refuses what comes after the end, gives foreign errors in the catalogue's words, keeps transactions whole. */
export class Connection {
  #closed = false;

  constructor(
    readonly db: DatabaseSync,
    readonly file: string,
    readonly readOnly: boolean,
  ) {}

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

  /** All of `work` is stored when this returns; nothing of it when it throws, after calling `undone`. */
  transaction<T>(work: () => T, undone: () => void): T {
    return this.run(() => {
      if (this.readOnly) throw new SkaldError('store-read-only', { file: this.file });
      this.db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        try {
          // A full disk or an I/O error has ended the transaction already.
          if (this.db.isTransaction) this.db.exec('ROLLBACK');
        } finally {
          undone();
        }
        throw error;
      }
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.db.close();
  }
}
