/** Room for so many commands at the same time; the others wait, first come, first served. */
export class Room<Job extends object> {
  private readonly waiting: Job[] = [];
  /** They waited, and have a place already. */
  private readonly placed = new WeakSet<Job>();
  private taken = 0;

  /** `go` is given those that waited and have a place now. */
  constructor(
    private readonly size: number,
    private readonly go: (jobs: readonly Job[]) => void,
  ) {}

  /** Those that have a place; each leaves it by `leave`. */
  enter(jobs: readonly Job[]): readonly Job[] {
    if (this.size === Number.POSITIVE_INFINITY) return jobs;
    const placed = jobs.filter((job) => this.placed.delete(job));
    if (placed.length < jobs.length) this.waiting.push(...jobs.filter((job) => !placed.includes(job)));
    return [...placed, ...this.next()];
  }

  leave(count: number): void {
    if (this.size === Number.POSITIVE_INFINITY || count === 0) return;
    this.taken -= count;
    const next = this.next();
    for (const job of next) this.placed.add(job);
    if (next.length > 0) this.go(next);
  }

  private next(): Job[] {
    const next = this.waiting.splice(0, Math.max(0, this.size - this.taken));
    this.taken += next.length;
    return next;
  }
}
