import {
  type AppendOutcome,
  type EventStore,
  type ReadOptions,
  type RecordedEvent,
  SkaldError,
  type StreamWrite,
  type Subscription,
} from '@skald/kernel';
import type { Appends } from './appends.js';
import type { StoredEvent } from './event-envelope.js';
import type { ReadCalls } from './read-calls.js';
import { ResumingSubscription } from './resuming-subscription.js';
import { meaningOf, translate } from './server-errors.js';
import type { Timeouts } from './store-options.js';
import { backOff, Limiter, type Shutter } from './waiting.js';

export interface Parts {
  readonly server: string;
  readonly prefix: string;
  readonly appends: Appends;
  readonly reads: ReadCalls;
  readonly shutter: Shutter;
  readonly timeouts: Timeouts;
  readonly trouble: (what: string, error: unknown) => void;
  readonly shut: () => Promise<void>;
}

/** Pages of all streams, backwards: the first event looked at is most often ours. */
const LAST_PAGES = [1, 100];
const PAGE = 1_000;
/** Streams that are read at once: more would only wait for each other, and none would have its answer in time. */
const MOST_READS = 100;

/** The events of Skald on an EventStoreDB. Positions are commit positions of the server's log. */
export class EventStoreDbEventStore implements EventStore {
  readonly #subscriptions = new Set<ResumingSubscription>();
  /** Calls that are under way. */
  readonly #running = new Set<Promise<unknown>>();
  readonly #reads = new Limiter(MOST_READS);
  #closing: Promise<void> | undefined;

  constructor(private readonly parts: Parts) {}

  async append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    return this.#run(() => this.parts.appends.append(writes));
  }

  async read(stream: string, { from = 0, limit = 1_000 }: ReadOptions = {}): Promise<readonly RecordedEvent[]> {
    if (limit <= 0) return this.#run(async () => []);
    const { reads, prefix, timeouts } = this.parts;
    const stored = await this.#reads.run(() =>
      this.#reading(`read ${stream}`, stream, () => reads.stream(prefix + stream, from, { limit, timeout: timeouts.answer })),
    );
    return stored.map((event, nth) => whole(event, from + nth));
  }

  /** Goes on until there are enough of ours, or no more. */
  async readAll(position: number, limit: number): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (let from = position; events.length < limit; ) {
      // The event at `from` comes with them. Where others' events have come between, small pages would be many.
      const count = (from === position ? Math.min(limit, PAGE) : PAGE) + 1;
      const page = await this.#readingAll(() => this.parts.reads.forwards(from, { limit: count, timeout: this.parts.timeouts.scan }));
      for (const event of page) if (event.position > position && event.position > from && event.recorded) events.push(event.recorded);
      if (page.length < count) break;
      from = page.at(-1)?.position ?? from;
    }
    if (limit <= 0) this.#checkOpen();
    return events.slice(0, limit);
  }

  async head(): Promise<number> {
    let before: number | undefined;
    for (let nth = 0; ; nth++) {
      const limit = LAST_PAGES[nth] ?? PAGE;
      const page = await this.#readingAll(() => this.parts.reads.backwards(before, { limit, timeout: this.parts.timeouts.scan }));
      const ours = page.find(({ recorded }) => recorded !== undefined);
      if (ours) return ours.position;
      if (page.length < limit) return 0;
      before = page.at(-1)?.position;
    }
  }

  subscribe(position: number, listener: (events: readonly RecordedEvent[]) => Promise<void>): Subscription {
    this.#checkOpen();
    const { reads, timeouts, trouble } = this.parts;
    const subscription = new ResumingSubscription(reads, position, listener, { quiet: timeouts.quiet, trouble });
    this.#subscriptions.add(subscription);
    return {
      stop: () => {
        this.#subscriptions.delete(subscription);
        return subscription.stop();
      },
    };
  }

  /** Attempts that are under way are waited for, none is repeated. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.parts.shutter.shut();
    await Promise.all([...this.#subscriptions].map((subscription) => subscription.stop()));
    await Promise.allSettled(this.#running);
    await this.parts.shut();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new SkaldError('store-closed');
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  #readingAll(work: () => Promise<StoredEvent[]>): Promise<StoredEvent[]> {
    return this.#reading('read all streams', undefined, work);
  }

  /** Repeats while that may help, for as long as patience lasts. */
  async #reading(action: string, stream: string | undefined, work: () => Promise<StoredEvent[]>): Promise<StoredEvent[]> {
    const { server, shutter, timeouts, trouble } = this.parts;
    const until = Date.now() + timeouts.patience;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(work);
      } catch (error) {
        if (error instanceof SkaldError) throw error;
        const meaning = meaningOf(error);
        const pause = backOff(attempt);
        if ((meaning !== 'transient' && meaning !== 'unsent') || Date.now() + pause >= until) {
          throw translate(error, { server, action, ...(stream !== undefined && { stream }) });
        }
        trouble(`to ${action} is tried again`, error);
        await shutter.pause(pause);
      }
    }
  }
}

/** A history with a hole, or with somebody else's event in it, must not be taken for the whole. */
function whole({ recorded, revision, stream }: StoredEvent, expected: number): RecordedEvent {
  if (revision !== expected) {
    const problem = `the events from ${expected} on are gone, by $maxCount, $maxAge or $tb in the stream’s metadata, or because it was deleted`;
    throw new SkaldError('history-unreadable', { stream, revision: expected, problem });
  }
  if (!recorded) throw new SkaldError('history-unreadable', { stream, revision, problem: 'Skald did not write it' });
  return recorded;
}
