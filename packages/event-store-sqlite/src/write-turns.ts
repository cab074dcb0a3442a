import { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { Patience } from './patience.js';
import { isBusy } from './sqlite-errors.js';

/**
 * Writing to a file that other processes write to as well.
 *
 * W1. Writes of this process run one after the other, in the order they were asked for.
 * W2. While another process writes, the event loop runs: a busy file is tried again after a random delay. A writer that finds no turn within
 *     its patience rejects with `store-busy`, and nothing of it is stored. The time for which this process stood still does not count.
 * W3. A process that writes without pause does not keep the others out: who waits for the file holds the turnstile meanwhile, through which
 *     the busy one must go before its next write.
 * W4. The turnstile makes turns fair, not safe: one that stands still in it (a frozen process) is passed by after a moment.
 *
 * The turnstile is the write lock of the side file whose readers are the sharers (see ownership.ts): the two do not exclude each other.
 */
const PATIENCE = 5_000;
/** Milliseconds until the turnstile is passed by. Who holds it is itself waiting for a write, which takes some milliseconds. */
const AT_MOST_AT_THE_TURNSTILE = 1_000;
/** Milliseconds between two tries at the file itself, which one process at a time makes, and at the turnstile. */
const AT_THE_FILE = 1;
const AT_THE_TURNSTILE = 10;

export class WriteTurns {
  readonly #turnstile: DatabaseSync;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  /** Somebody stood still in the turnstile, and may still do: nobody waits for it again until it was free once. */
  #passesBy = false;

  constructor(
    private readonly file: string,
    private readonly patience: number = PATIENCE,
  ) {
    this.#turnstile = new DatabaseSync(`${file}-shared`);
    this.#turnstile.exec('PRAGMA busy_timeout = 0; PRAGMA synchronous = OFF');
  }

  /** `begin` takes the file's write lock or throws SQLite's busy error; `rest` follows at once, and gives the lock free. */
  run<T>(begin: () => void, rest: () => T): Promise<T> {
    const turn = this.#last.then(() => this.#take(begin, rest));
    this.#last = turn.catch(() => {});
    return turn;
  }

  close(): void {
    if (!this.#closed) this.#turnstile.close();
    this.#closed = true;
  }

  async #take<T>(begin: () => void, rest: () => T): Promise<T> {
    const patience = new Patience(this.file, this.patience);
    const isHeld = await this.#throughTheTurnstile(patience);
    try {
      while (!this.#enters(begin)) await patience.pause(AT_THE_FILE);
    } finally {
      if (isHeld && !this.#closed) this.#turnstile.exec('ROLLBACK');
    }
    return rest();
  }

  /** W3, W4. Answers whether it is held now. */
  async #throughTheTurnstile(patience: Patience): Promise<boolean> {
    const atMost = this.#passesBy ? 0 : AT_MOST_AT_THE_TURNSTILE;
    for (;;) {
      const isHeld = this.#enters(() => this.#turnstile.exec('BEGIN IMMEDIATE'));
      this.#passesBy = !isHeld && patience.waited >= atMost;
      if (isHeld || this.#passesBy) return isHeld;
      await patience.pause(AT_THE_TURNSTILE);
    }
  }

  #enters(step: () => void): boolean {
    if (this.#closed) throw new SkaldError('store-closed');
    try {
      step();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }
}
