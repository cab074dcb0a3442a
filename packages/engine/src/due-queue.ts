/** A binary heap of what is due when. An id may stand in it more than once; the earliest entry counts, the others wake it for nothing. */
export class DueQueue {
  private readonly heap: { readonly id: string; readonly due: number }[] = [];
  private readonly known = new Map<string, number>();

  get size(): number {
    return this.heap.length;
  }

  add(id: string, due: number): void {
    const before = this.known.get(id);
    if (before !== undefined && before <= due) return;
    this.known.set(id, due);
    this.heap.push({ id, due });
    this.rise(this.heap.length - 1);
  }

  earliest(): number | undefined {
    return this.heap[0]?.due;
  }

  /** Ids due at or before `now`, the earliest first, at most `limit`. */
  takeDue(now: number, limit: number): string[] {
    const due: string[] = [];
    while (due.length < limit) {
      const top = this.heap[0];
      if (!top || top.due > now) break;
      this.removeTop();
      if (this.known.get(top.id) !== top.due) continue;
      this.known.delete(top.id);
      due.push(top.id);
    }
    return due;
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
