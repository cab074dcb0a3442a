/**
 * A subscription that does not end: whatever ends its calls, it goes on after the last event that it got.
 *
 * S1. Every event after the position is handed over, in order; none twice while the listener resolves.
 * S2. The listener runs once at a time, and gets the same events again when it rejected.
 * S3. After `stop()` has resolved the listener never runs again.
 * S4. An error, an end, a cancellation and a silence are alike: a new call, after a pause that grows while nothing comes.
 * S5. A listener that is slow makes the server wait; what is held here is bounded.
 */
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedEvent } from '@skald/kernel';
import { decode, positionOf } from './event-envelope.js';
import type { ReadCall, ReadCalls } from './read-calls.js';
import { backOff, Shutter } from './waiting.js';

const BATCH = 500;
/** Events that wait for the listener before the call is not read any more. */
const MOST_WAITING = 2_000;

type Listener = (events: readonly RecordedEvent[]) => Promise<void>;

export interface SubscriptionOptions {
  readonly quiet: number;
  readonly trouble: (what: string, error: unknown) => void;
}

export class ResumingSubscription {
  readonly #shutter = new Shutter();
  readonly #waiting: RecordedEvent[] = [];
  #call: ReadCall | undefined;
  /** Wakes whoever waits for events, or for room. */
  #wake: (() => void)[] = [];
  readonly #ended: Promise<unknown>;

  constructor(
    private readonly reads: ReadCalls,
    private position: number,
    private readonly listener: Listener,
    private readonly options: SubscriptionOptions,
  ) {
    this.#ended = Promise.all([this.#receive(), this.#deliver()]);
  }

  async stop(): Promise<void> {
    this.#shutter.shut();
    this.#call?.cancel();
    this.#signal();
    await this.#ended;
  }

  /** S4 */
  async #receive(): Promise<void> {
    for (let failures = 0; !this.#shutter.isShut; ) {
      const before = this.position;
      try {
        await this.#follow();
      } catch (error) {
        if (!this.#shutter.isShut) this.options.trouble('a subscription was interrupted, and goes on', error);
      }
      failures = this.position > before ? 1 : failures + 1;
      await this.#shutter.pause(backOff(failures));
    }
  }

  async #follow(): Promise<void> {
    const call = await this.reads.subscribe(this.position);
    this.#call = call;
    let quiet = false;
    const timer = setTimeout(() => {
      quiet = true;
      call.cancel();
    }, this.options.quiet);
    try {
      if (this.#shutter.isShut) return;
      for await (const response of call as AsyncIterable<Pb.ReadResp>) {
        this.#take(response);
        await this.#room();
        if (this.#shutter.isShut) return;
        timer.refresh();
      }
    } catch (error) {
      // A silence is most often only that: nothing happens.
      if (!quiet) throw error;
    } finally {
      clearTimeout(timer);
      call.cancel();
    }
  }

  #take(response: Pb.ReadResp): void {
    const event = response.getEvent()?.getEvent();
    const checkpoint = response.getCheckpoint();
    if (checkpoint) this.position = Math.max(this.position, positionOf(checkpoint.getCommitPosition()));
    if (!event) return;
    const { position, recorded } = decode(event, this.reads.prefix);
    // What is not beyond was handed over already.
    if (position <= this.position) return;
    this.position = position;
    if (!recorded) return;
    this.#waiting.push(recorded);
    this.#signal();
  }

  /** S5 */
  async #room(): Promise<void> {
    while (this.#waiting.length >= MOST_WAITING && !this.#shutter.isShut) await this.#change();
  }

  async #deliver(): Promise<void> {
    while (!this.#shutter.isShut) {
      if (this.#waiting.length === 0) await this.#change();
      // More may have come in the same packet: one call for all of it.
      else await this.#handOver(await this.#batch());
    }
  }

  async #batch(): Promise<readonly RecordedEvent[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.#waiting.splice(0, BATCH);
  }

  /** S2 */
  async #handOver(events: readonly RecordedEvent[]): Promise<void> {
    for (let attempt = 1; !this.#shutter.isShut; attempt++) {
      try {
        await this.listener(events);
        this.#signal();
        return;
      } catch (error) {
        this.options.trouble('a subscriber failed, and gets the same events again', error);
        await this.#shutter.pause(backOff(attempt));
      }
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #signal(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
