/** Items that wait to be worked on, in their order; how they are is another's affair. */
export abstract class WaitingItems<Item> {
  protected waiting: Item[] = [];
  protected running: Promise<void> | undefined;
  protected stopped = false;

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

  /**
   * Until nothing waits, or it is stopped; then `running` is undefined again. Begins in a microtask, so that a burst of pushes in one turn of
   * the event loop is one batch.
   */
  protected abstract run(): Promise<void>;
}
