import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Patience } from './patience.js';
import { isBusy, translate } from './sqlite-errors.js';
import { fileOf } from './transaction-state.js';

const PATIENCE = 5_000;
/** Milliseconds between two tries, on average. */
const TRY_AGAIN_AFTER = 1;

/**
 * Takes the write lock of a database that other processes write to as well. SQLite would stop the event loop for as long as it waits, and with it
 * this process's heartbeats to whoever gives it work.
 */
export class PatientBegin {
  readonly #begin: StatementSync;
  readonly #timeout: StatementSync;

  constructor(
    private readonly db: DatabaseSync,
    private readonly patience = PATIENCE,
  ) {
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#timeout = db.prepare('PRAGMA busy_timeout');
  }

  /** Rejects with `store-busy` when there was no turn for too long. */
  async run(): Promise<void> {
    if (this.#tryOnce()) return;
    const patience = new Patience(fileOf(this.db), this.patience);
    do await patience.pause(TRY_AGAIN_AFTER);
    while (!this.#tryOnce());
  }

  /** What the participant has set for its own statements stays as it is. */
  #tryOnce(): boolean {
    const own = Number(this.#timeout.get()?.['timeout'] ?? 0);
    if (own > 0) this.db.exec('PRAGMA busy_timeout = 0');
    try {
      this.#begin.run();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw translate(error, fileOf(this.db), 'use');
    } finally {
      if (own > 0) this.db.exec(`PRAGMA busy_timeout = ${own}`);
    }
  }
}
