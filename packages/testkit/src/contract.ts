import { describe, expect, it } from './test-framework.contract.js';

/** What a suite runs against: made for each sentence, closed after it. */
export interface ContractSubject<T> {
  readonly subject: T;
  close(): Promise<void>;
}

export interface ContractOptions {
  /** Sentences that do not hold for this adapter, each with the reason. They are run all the same, and must fail. */
  readonly except?: Readonly<Record<string, string>>;
}

export type Sentence<S> = (title: string, body: (subject: S) => Promise<void>) => void;

/** A suite is a list of sentences, each true of every adapter of a port. */
export function contract<S extends ContractSubject<unknown>>(
  name: string,
  open: () => Promise<S>,
  { except = {} }: ContractOptions,
  sentences: (sentence: Sentence<S>) => void,
): void {
  describe(name, () => {
    const titles: string[] = [];
    sentences((title, body) => {
      titles.push(title);
      const run = async (): Promise<void> => {
        const opened = await open();
        try {
          await body(opened);
        } finally {
          await opened.close();
        }
      };
      const reason = except[title];
      if (reason === undefined) it(title, run);
      else it.failing(`not here, because ${reason}: ${title}`, run);
    });
    it('names only sentences of the suite as exceptions', () => {
      expect(Object.keys(except).filter((title) => !titles.includes(title))).toEqual([]);
    });
  });
}

/** Some turns of the event loop: what is ready to run has run. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A promise with its ends. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Collects what arrives; `count(n)` resolves when there are n. */
export class Collector<T> {
  readonly items: T[] = [];
  #waiting: (() => void)[] = [];

  add(...items: readonly T[]): void {
    this.items.push(...items);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  async count(wanted: number): Promise<readonly T[]> {
    while (this.items.length < wanted) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.items;
  }
}
