/**
 * What of one partition was delivered and is done, so that it is known up to where to commit.
 *
 * O1. `committable` is the offset of the oldest delivery that is not done, or of what comes next when all are: everything before it is done.
 * O2. It never goes back.
 * O3. Deliveries may be done in any order and more than once.
 * O4. A delivery costs constant time, however many are open.
 */
export interface Tracked {
  readonly offset: number;
  readonly bytes: number;
  isDone: boolean;
}

/** Entries before `head` are gone; the array is cut when they are the greater part. */
export class OffsetTracker {
  #open: Tracked[] = [];
  #head = 0;
  #next: number | undefined;
  #bytes = 0;

  /** Deliveries from the oldest that is not done on, done or not. */
  get count(): number {
    return this.#open.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Where the next fetch begins; unknown before the first. */
  get next(): number | undefined {
    return this.#next;
  }

  /** O1. */
  get committable(): number | undefined {
    return this.#open[this.#head]?.offset ?? this.#next;
  }

  add(entry: Tracked): void {
    this.#open.push(entry);
    this.#bytes += entry.bytes;
    this.#next = entry.offset + 1;
  }

  /** Up to there everything was seen, also what carries no message. */
  fetchedTo(next: number): void {
    this.#next = Math.max(next, this.#next ?? 0);
  }

  /** Answers whether the front moved. */
  done(entry: Tracked): boolean {
    if (entry.isDone) return false;
    entry.isDone = true;
    if (this.#open[this.#head] !== entry) return false;
    for (let front = this.#open[this.#head]; front?.isDone; front = this.#open[this.#head]) {
      this.#bytes -= front.bytes;
      this.#head++;
    }
    if (this.#head * 2 >= this.#open.length) {
      this.#open.splice(0, this.#head);
      this.#head = 0;
    }
    return true;
  }
}
