/** Chance that is the same for the same seed. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From `least` up to, and without, `most`. */
  between(least: number, most: number): number {
    return least + this.#next() * (most - least);
  }

  happens(probability: number): boolean {
    return this.#next() < probability;
  }

  /** Throws when there is none. */
  of<T>(all: readonly T[]): T {
    const found = all[Math.floor(this.between(0, all.length))];
    if (found === undefined) throw new Error('nothing to choose from');
    return found;
  }

  shuffled<T>(all: readonly T[]): T[] {
    return all
      .map((one) => ({ one, rank: this.#next() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ one }) => one);
  }

  #next(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}
