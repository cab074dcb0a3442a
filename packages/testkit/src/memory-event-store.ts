import {
  type AppendOutcome,
  type EventStore,
  type NewEvent,
  type ReadOptions,
  type RecordedEvent,
  SkaldError,
  type StreamHead,
  type StreamWrite,
  type Subscription,
} from '@skald/kernel';
import type { MemorySagaIndex } from './memory-saga-index.js';

type Listener = (events: readonly RecordedEvent[]) => Promise<void>;

/** An event store in memory: for tests and simulations. Given an index it keeps it, as an embedded store does. */
export class MemoryEventStore implements EventStore {
  readonly isDense = true;
  readonly #all: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #subscribers = new Set<MemorySubscriber>();
  #closed = false;

  constructor(private readonly index?: MemorySagaIndex) {}

  get ownIndex(): MemorySagaIndex | undefined {
    return this.index;
  }

  async append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    this.#checkOpen();
    const faulty = writes.find((write) => write.events.length === 0);
    if (faulty) throw new TypeError(`a write to ${faulty.stream} has no events`);
    const before = this.#all.length;
    const outcomes = writes.map((write) => this.#write(write));
    if (this.#all.length > before) {
      this.index?.moveOn(before, this.#all.length);
      for (const subscriber of this.#subscribers) subscriber.wake();
    }
    return outcomes;
  }

  async read(stream: string, { from = 0, limit = 1_000 }: ReadOptions = {}): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    return (this.#streams.get(stream) ?? []).slice(from, from + limit);
  }

  async readAll(position: number, limit: number): Promise<readonly RecordedEvent[]> {
    this.#checkOpen();
    const from = Math.max(0, position);
    return this.#all.slice(from, from + limit);
  }

  async heads(after: string, limit: number): Promise<readonly StreamHead[]> {
    this.#checkOpen();
    const names = [...this.#streams.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const wanted = names.filter((name) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0).slice(0, Math.max(0, limit));
    return wanted.map((stream) => {
      const { revision = -1, hash = '' } = this.#streams.get(stream)?.at(-1) ?? {};
      return { stream, revision, hash };
    });
  }

  async head(): Promise<number> {
    this.#checkOpen();
    return this.#all.length;
  }

  subscribe(position: number, listener: Listener): Subscription {
    this.#checkOpen();
    const subscriber = new MemorySubscriber(this.#all, position, listener);
    this.#subscribers.add(subscriber);
    return {
      stop: () => {
        this.#subscribers.delete(subscriber);
        return subscriber.stop();
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.stop()));
  }

  #checkOpen(): void {
    if (this.#closed) throw new SkaldError('store-closed');
  }

  #write({ stream, expectedRevision, events, summary }: StreamWrite): AppendOutcome {
    const there = this.#streams.get(stream) ?? [];
    const revision = expectedRevision + events.length;
    if (expectedRevision !== there.length - 1) {
      const position = repeated(there.slice(expectedRevision + 1, revision + 1), events);
      return position === undefined ? { type: 'conflict', actual: there.length - 1 } : { type: 'appended', revision, position };
    }
    this.#streams.set(stream, there);
    for (const event of events) {
      const recorded = { ...event, stream, revision: there.length, position: this.#all.length + 1 };
      there.push(recorded);
      this.#all.push(recorded);
    }
    if (summary) this.index?.set(summary);
    return { type: 'appended', revision, position: this.#all.length };
  }
}

function repeated(there: readonly RecordedEvent[], events: readonly NewEvent[]): number | undefined {
  return there.length === events.length && there.every((event, i) => event.id === events[i]?.id) ? there.at(-1)?.position : undefined;
}

class MemorySubscriber {
  #stopped = false;
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(
    private readonly all: readonly RecordedEvent[],
    private position: number,
    private readonly listener: Listener,
  ) {
    this.#ended = this.#run();
  }

  wake(): void {
    this.#wake();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    return this.#ended;
  }

  async #run(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#stopped) return;
      const events = this.all.slice(this.position);
      if (events.length === 0) await this.#news();
      else await this.#handOver(events);
    }
  }

  async #handOver(events: readonly RecordedEvent[]): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.listener(events);
        this.position += events.length;
        return;
      } catch {
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      // A commit or a stop between the look and this line cannot be: nothing was awaited.
    });
  }
}
