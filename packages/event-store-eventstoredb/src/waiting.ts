/** Waits that end early when everything is shut, so that no promise of ours outlives the store. */
export class Shutter {
  #shut = false;
  readonly #wakers = new Set<() => void>();

  get isShut(): boolean {
    return this.#shut;
  }

  shut(): void {
    this.#shut = true;
    for (const wake of this.#wakers) wake();
    this.#wakers.clear();
  }

  /** Resolves after the time, or at once when shut. */
  pause(milliseconds: number): Promise<void> {
    if (this.#shut) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      this.#wakers.add(end);
    });
  }
}

const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 2_000;

/** The pause before attempt `nth`, the first repeat being 1. */
export function backOff(nth: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (nth - 1));
}

/** Rejects when there is no result in time. A result that comes later is passed to `late`, an error that does is dropped. */
export function within<T>(milliseconds: number, promise: Promise<T>, what: string, late: (result: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = setTimeout(() => {
      over = true;
      reject(new Error(`${what} took longer than ${milliseconds} ms`));
    }, milliseconds);
    promise.then(
      (result) => {
        clearTimeout(timer);
        if (over) late(result);
        else resolve(result);
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (!over) reject(error);
      },
    );
  });
}

/** At most so many at a time, in the order in which they came. */
export class Limiter {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
