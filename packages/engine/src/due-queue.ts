/**
 * When is which id due? A binary heap; an id has one due time, and entries of the heap that say another are skipped.
 */
export class DueQueue {
  private readonly heap: { readonly id: string; readonly due: number }[] = [];
  private readonly known = new Map<string, number>();

  /** Ids that are due some time. */
  get size(): number {
    return this.known.size;
  }

  /** Due at `due`, or sooner if that is known. */
  add(id: string, due: number): void {
    const before = this.known.get(id);
    if (before === undefined || due < before) this.set(id, due);
  }

  /** Due at `due`, whatever was known; `undefined`: not due. */
  set(id: string, due: number | undefined): void {
    if (due === undefined) this.known.delete(id);
    else if (this.known.get(id) !== due) {
      this.known.set(id, due);
      this.heap.push({ id, due });
      this.rise(this.heap.length - 1);
    }
  }

  earliest(): number | undefined {
    this.skip();
    return this.heap[0]?.due;
  }

  /** Ids due at or before `now`, the earliest first, at most `limit`. They are due no more. */
  takeDue(now: number, limit: number): string[] {
    const due: string[] = [];
    while (due.length < limit) {
      this.skip();
      const top = this.heap[0];
      if (!top || top.due > now) break;
      this.known.delete(top.id);
      due.push(top.id);
    }
    return due;
  }

  /** Takes away what stands on top and holds no more. */
  private skip(): void {
    for (let top = this.heap[0]; top && this.known.get(top.id) !== top.due; top = this.heap[0]) this.removeTop();
  }

  private removeTop(): void {
    const last = this.heap.pop();
    if (!last || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(at: number): void {
    for (let child = at; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.dueAt(parent) <= this.dueAt(child)) return;
      this.swap(parent, child);
      child = parent;
    }
  }

  private sink(at: number): void {
    for (let parent = at; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) if (this.dueAt(child) < this.dueAt(least)) least = child;
      if (least === parent) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private dueAt(at: number): number {
    return this.heap[at]?.due ?? Number.POSITIVE_INFINITY;
  }

  private swap(a: number, b: number): void {
    const [first, second] = [this.heap[a], this.heap[b]];
    if (first && second) {
      this.heap[a] = second;
      this.heap[b] = first;
    }
  }
}
