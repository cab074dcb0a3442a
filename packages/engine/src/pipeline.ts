import { WaitingItems } from './waiting-items.js';

/**
 * Takes what is waiting, all of it up to a limit, and works on it as one batch; while a batch is on its way the next is begun. Batches grow
 * under load by themselves, and a lone item waits for nobody.
 *
 * Invariants
 * L1  Of items with one key only one batch is on its way: what comes meanwhile waits, in its order, and everything else goes past it.
 * L2  A batch is begun when the one before has called `next`, or is through; so many are on their way at most.
 * L3  What a batch puts back stands before everything with its keys that came later.
 */
export class Pipeline<Item> extends WaitingItems<Item> {
  private readonly busy = new Set<string>();
  private readonly onTheirWay = new Set<Promise<void>>();
  private readonly holds = new Set<Promise<void>>();

  /** `work` must not reject: nobody would be left to try again. */
  constructor(
    private readonly limit: number,
    private readonly width: number,
    private readonly keyOf: (item: Item) => string,
    private readonly work: (batch: Item[], next: () => void) => Promise<void>,
  ) {
    super();
  }

  /** Nothing new is begun until this is over. Resolves then. */
  async hold(until: Promise<void>): Promise<void> {
    this.holds.add(until);
    await until;
    this.holds.delete(until);
  }

  /** No new batches; resolves when all that are on their way are through. What is waiting stays unworked. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.onTheirWay);
    await this.running;
  }

  protected async run(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0 && !this.stopped) {
      if (this.holds.size > 0) {
        await Promise.all(this.holds);
        continue;
      }
      const batch = this.onTheirWay.size < this.width ? this.take() : [];
      if (batch.length > 0) await this.begin(batch);
      else await Promise.race(this.onTheirWay);
    }
    this.running = undefined;
  }

  /** Resolves when the next may begin. */
  private begin(batch: Item[]): Promise<void> {
    const keys = new Set(batch.map(this.keyOf));
    for (const key of keys) this.busy.add(key);
    return new Promise((next) => {
      const through = this.work(batch, next).then(() => {
        for (const key of keys) this.busy.delete(key);
        this.onTheirWay.delete(through);
        next();
        this.push([]);
      });
      this.onTheirWay.add(through);
    });
  }

  /** L1 */
  private take(): Item[] {
    if (this.busy.size === 0) return this.waiting.length <= this.limit ? this.waiting.splice(0) : this.waiting.splice(0, this.limit);
    const batch: Item[] = [];
    const left: Item[] = [];
    for (const item of this.waiting) {
      if (batch.length < this.limit && !this.busy.has(this.keyOf(item))) batch.push(item);
      else left.push(item);
    }
    this.waiting = left;
    return batch;
  }
}
