/** Where all chance of a simulation comes from. 0 is always the tame choice, so that a shorter or smaller tape is a simpler run. */
export interface Choices {
  /** A whole number from 0 to below `n`. */
  pick(n: number): number;
  /** An index into `weights`, the heavier ones more often; whole numbers, the tame first. */
  weigh(weights: readonly number[]): number;
}

abstract class WeightedChoices implements Choices {
  abstract pick(n: number): number;

  weigh(weights: readonly number[]): number {
    let total = 0;
    for (const weight of weights) total += weight;
    let left = this.pick(total);
    for (const [at, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return at;
    }
    return 0;
  }
}

/** Choices read from a list of small numbers; past its end everything is tame. */
export class TapeChoices extends WeightedChoices {
  #at = 0;
  constructor(private readonly tape: readonly number[]) {
    super();
  }

  override pick(n: number): number {
    const value = this.tape[this.#at] ?? 0;
    this.#at += 1;
    return value % n;
  }
}

/** Choices drawn from a seed (xorshift32): the same seed gives the same run on every machine. */
export class SeededChoices extends WeightedChoices {
  #state: number;
  constructor(seed: number) {
    super();
    this.#state = Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b || 1;
    for (let i = 0; i < 4; i++) this.pick(2);
  }

  override pick(n: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % n;
  }
}

/** Choices with more alternatives than this stay tame in an enumeration: they are rare accidents, not branches. */
const WIDEST = 10;

/** Choices that can be enumerated: `next` goes on to the next tape of at most `depth` choices, until all have been. Weights count for nothing. */
export class EnumeratedChoices implements Choices {
  readonly #tape: number[] = [];
  readonly #widths: number[] = [];
  #at = 0;
  constructor(private readonly depth: number) {}

  pick(n: number): number {
    if (n > WIDEST || this.#at >= this.depth) return 0;
    const at = this.#at++;
    this.#widths[at] = n;
    const value = this.#tape[at];
    if (value !== undefined) return value;
    this.#tape[at] = 0;
    return 0;
  }

  weigh(weights: readonly number[]): number {
    return this.pick(weights.length);
  }

  get tape(): readonly number[] {
    return this.#tape;
  }

  next(): boolean {
    this.#tape.length = Math.min(this.#tape.length, this.#at);
    this.#at = 0;
    for (let last = this.#tape.pop(); last !== undefined; last = this.#tape.pop()) {
      if (last + 1 >= (this.#widths[this.#tape.length] ?? 0)) continue;
      this.#tape.push(last + 1);
      return true;
    }
    return false;
  }
}
