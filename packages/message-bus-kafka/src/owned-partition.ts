import type { BusMessage, Delivery, TraceContext } from '@skald/kernel';
import { OffsetTracker, type Tracked } from './offset-tracker.js';

export interface Bounds {
  readonly maxOpen: number;
  readonly maxOpenBytes: number;
}

/**
 * A partition as this process owns it, from one joining of the group to the next.
 *
 * P1. Once it is revoked, what is done counts no more: its offsets are those of the next owner.
 * P2. It is full when too much of it is delivered and not done; it has room again when half of that is done.
 */
export class OwnedPartition {
  readonly #tracker = new OffsetTracker();
  #revoked = false;
  #full = false;
  #committed: number | undefined;

  constructor(
    readonly partition: number,
    private readonly bounds: Bounds,
    private readonly onRoom: (partition: number) => void,
  ) {}

  get isRevoked(): boolean {
    return this.#revoked;
  }

  /** Offset after the last that was seen. */
  get next(): number | undefined {
    return this.#tracker.next;
  }

  revoke(): void {
    this.#revoked = true;
  }

  add(entry: Tracked): void {
    this.#tracker.add(entry);
  }

  fetchedTo(next: number): void {
    this.#tracker.fetchedTo(next);
  }

  /** P1. */
  done(entry: Tracked): void {
    if (this.#revoked || !this.#tracker.done(entry) || !this.#full || this.#isAbove(0.5)) return;
    this.#full = false;
    this.onRoom(this.partition);
  }

  /** P2. Answers whether it has just become full. */
  becameFull(): boolean {
    if (this.#full || !this.#isAbove(1)) return false;
    this.#full = true;
    return true;
  }

  /** What is to be committed and is not yet. */
  get uncommitted(): number | undefined {
    const { committable } = this.#tracker;
    return committable === this.#committed ? undefined : committable;
  }

  committed(offset: number): void {
    this.#committed = offset;
  }

  #isAbove(part: number): boolean {
    return this.#tracker.count > this.bounds.maxOpen * part || this.#tracker.bytes > this.bounds.maxOpenBytes * part;
  }
}

/** A delivery that knows its place; the trace is whoever's who sent it. */
export class KafkaDelivery implements Delivery, Tracked {
  isDone = false;

  constructor(
    readonly message: BusMessage,
    readonly trace: TraceContext | undefined,
    readonly offset: number,
    readonly bytes: number,
    readonly owner: OwnedPartition,
  ) {}

  get partition(): number {
    return this.owner.partition;
  }

  done(): void {
    this.owner.done(this);
  }
}
