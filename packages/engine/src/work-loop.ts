/**
 * Takes what is waiting, all of it up to a limit, and works on it as one batch; what arrives meanwhile is the next. Batches grow under
 * load by themselves, and a lone item waits for nobody.
 */
export class WorkLoop<Item> {
  private waiting: Item[] = [];
  private running: Promise<void> | undefined;
  private stopped = false;

  /** `work` must not reject: nobody would be left to try again. */
  constructor(
    private readonly limit: number,
    private readonly work: (batch: Item[]) => Promise<void>,
  ) {}

  push(items: readonly Item[]): void {
    for (const item of items) this.waiting.push(item);
    if (!this.stopped && this.waiting.length > 0) this.running ??= this.run();
  }

  /** Ahead of what is waiting, in this order. */
  pushFirst(items: readonly Item[]): void {
    if (items.length === 0) return;
    this.waiting = [...items, ...this.waiting];
    this.push([]);
  }

  /** Forgets what is waiting and does not fit. */
  keep(fits: (item: Item) => boolean): void {
    this.waiting = this.waiting.filter(fits);
  }

  /** Resolves when nothing is waiting and nothing is worked on. */
  async idle(): Promise<void> {
    await this.running;
  }

  /** No new batches; resolves when the current one is through. What is waiting stays unworked. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // Begins in a microtask, so that a burst of pushes in one turn of the event loop is one batch.
    await Promise.resolve();
    while (this.waiting.length > 0 && !this.stopped) await this.work(this.take());
    this.running = undefined;
  }

  private take(): Item[] {
    if (this.waiting.length <= this.limit) {
      const all = this.waiting;
      this.waiting = [];
      return all;
    }
    return this.waiting.splice(0, this.limit);
  }
}
