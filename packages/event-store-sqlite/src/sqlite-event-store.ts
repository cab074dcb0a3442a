import type {
  AppendOutcome,
  EventStore,
  ReadOptions,
  RecordedEvent,
  SagaIndex,
  StreamHead,
  StreamWrite,
  Subscription,
} from '@skald/kernel';
import type { Appender } from './appender.js';
import { type Connection, Watch } from './connection.js';
import type { EventRows } from './event-rows.js';
import { Feed } from './feed.js';

/** How often a store that others write to looks whether they have, in milliseconds: it costs some microseconds. */
const LOOK_EVERY = 50;

/**
 * The events of a store. SQLite works synchronously: every call is done when it returns, its promise is a formality; except where several
 * processes write, and each waits for its turn.
 */
export class SqliteEventStore implements EventStore {
  /** P5 of appender.ts. */
  readonly isDense = true;
  readonly #feed: Feed;
  #look: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly events: EventRows,
    private readonly appender: Appender,
    readonly ownIndex: SagaIndex,
    private readonly shut: () => Promise<void>,
  ) {
    this.#feed = new Feed((position, limit) => connection.run(() => events.readAll(position, limit)));
  }

  async append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    const before = this.appender.head;
    const outcomes = await this.appender.append(writes);
    if (this.appender.head > before) this.#feed.wake();
    return outcomes;
  }

  async read(stream: string, { from = 0, limit = 1_000 }: ReadOptions = {}): Promise<readonly RecordedEvent[]> {
    return this.connection.run(() => this.events.read(stream, from, limit));
  }

  async readAll(position: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.connection.run(() => this.events.readAll(position, limit));
  }

  async heads(after: string, limit: number): Promise<readonly StreamHead[]> {
    return this.connection.run(() => this.events.heads(after, limit));
  }

  async head(): Promise<number> {
    return this.connection.run(() => (this.connection.role === 'owner' ? this.appender.head : this.events.head()));
  }

  subscribe(position: number, listener: (events: readonly RecordedEvent[]) => Promise<void>): Subscription {
    return this.connection.run(() => {
      if (this.connection.role !== 'owner') this.#lookForOthers();
      return this.#feed.subscribe(position, listener);
    });
  }

  #lookForOthers(): void {
    if (this.#look) return;
    const others = new Watch(this.connection.db);
    this.#look = setInterval(() => {
      try {
        if (!others.changed()) return;
      } catch {
        // The subscribers' own reading will say so, and they know how to wait.
      }
      this.#feed.wake();
    }, LOOK_EVERY).unref();
  }

  close(): Promise<void> {
    return this.shut();
  }

  /** Resolves when no listener runs. */
  async stop(): Promise<void> {
    clearInterval(this.#look);
    await this.#feed.stop();
  }
}
