import type { AppendOutcome, EventStore, ReadOptions, RecordedEvent, StreamWrite, Subscription } from '@skald/kernel';
import { MemoryEventStore } from './memory-event-store.js';
import { MemorySagaIndex } from './memory-saga-index.js';

type Append = (writes: readonly StreamWrite[]) => Promise<readonly AppendOutcome[]>;

/** An event store whose appends and reads a test can steer: let fail, answer otherwise, or do something else in between. */
export class SteeredStore implements EventStore {
  /** All that was asked to be appended, in order. */
  readonly appends: (readonly StreamWrite[])[] = [];
  onAppend: (writes: readonly StreamWrite[], append: Append) => Promise<readonly AppendOutcome[]> = (writes, append) => append(writes);
  /** What it answers is what was read. */
  onRead: (stream: string, events: readonly RecordedEvent[]) => readonly RecordedEvent[] = (_stream, events) => events;

  constructor(private readonly inner: EventStore) {}

  append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    this.appends.push(writes);
    return this.onAppend(writes, (all) => this.inner.append(all));
  }

  async read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]> {
    return this.onRead(stream, await this.inner.read(stream, options));
  }

  async readAll(position: number, limit: number): Promise<readonly RecordedEvent[]> {
    const events = await this.inner.readAll(position, limit);
    return events.flatMap((event) => this.onRead(event.stream, [event]));
  }

  head(): Promise<number> {
    return this.inner.head();
  }

  subscribe(position: number, listener: (events: readonly RecordedEvent[]) => Promise<void>): Subscription {
    return this.inner.subscribe(position, listener);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** From now on as any other. */
  recover(): void {
    this.onAppend = (writes, append) => append(writes);
    this.onRead = (_stream, events) => events;
  }
}

/** One in memory, with the index that it keeps. */
export function steeredStore(): { readonly events: SteeredStore; readonly index: MemorySagaIndex } {
  const index = new MemorySagaIndex();
  return { events: new SteeredStore(new MemoryEventStore(index)), index };
}
