import { WaitingItems } from './waiting-items.js';

/**
 * Takes what is waiting, all of it up to a limit, and works on it as one batch; what arrives meanwhile is the next. Batches grow under
 * load by themselves, and a lone item waits for nobody.
 */
export class WorkLoop<Item> extends WaitingItems<Item> {
  /** `work` must not reject: nobody would be left to try again. */
  constructor(
    private readonly limit: number,
    private readonly work: (batch: Item[]) => Promise<void>,
  ) {
    super();
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

  protected async run(): Promise<void> {
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
