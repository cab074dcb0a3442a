import { SkaldError } from '@skald/kernel';

/** A pause that took longer, in milliseconds, did so because this process stood still: it was frozen, or busy with something else. */
const LONGEST_PAUSE = 100;

/** How long one writer has waited for its turn at a file. The time for which its own process stood still does not count: nobody was in its way. */
export class Patience {
  #waited = 0;

  constructor(
    private readonly file: string,
    /** Milliseconds. */
    private readonly limit: number,
  ) {}

  /** Milliseconds. */
  get waited(): number {
    return this.#waited;
  }

  /** Between two tries: so many milliseconds on average, never twice the same. Rejects with `store-busy` when it has come to its end. */
  async pause(milliseconds: number): Promise<void> {
    if (this.#waited > this.limit) throw new SkaldError('store-busy', { file: this.file, milliseconds: Math.round(this.#waited) });
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, milliseconds * (0.5 + Math.random())));
    this.#waited += Math.min(performance.now() - start, LONGEST_PAUSE);
  }
}
