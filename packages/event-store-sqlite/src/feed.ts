import type { RecordedEvent, Subscription } from '@skald/kernel';

/**
 * Hands the events of a store to subscribers.
 *
 * S1. Every event after the position is handed over, in global order, none twice while the listener resolves.
 * S2. A listener runs once at a time, and gets the same events again when it rejected.
 * S3. After `stop()` has resolved a listener never runs again.
 * S4. A subscriber that has caught up costs nothing until the next commit: it is woken, it does not poll.
 */
const BATCH = 500;
const FIRST_BACKOFF = 10;
const LONGEST_BACKOFF = 5_000;

type Listener = (events: readonly RecordedEvent[]) => Promise<void>;

export class Feed {
  readonly #subscribers = new Set<Subscriber>();

  constructor(private readonly readAll: (position: number, limit: number) => readonly RecordedEvent[]) {}

  subscribe(position: number, listener: Listener): Subscription {
    const subscriber = new Subscriber(this.readAll, position, listener);
    this.#subscribers.add(subscriber);
    return {
      stop: () => {
        this.#subscribers.delete(subscriber);
        return subscriber.stop();
      },
    };
  }

  /** After a commit. */
  wake(): void {
    for (const subscriber of this.#subscribers) subscriber.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#subscribers].map((subscriber) => subscriber.stop()));
    this.#subscribers.clear();
  }
}

class Subscriber {
  #stopped = false;
  #news = true;
  #failures = 0;
  /** Ends the wait that is under way. */
  #resume: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(
    private readonly readAll: (position: number, limit: number) => readonly RecordedEvent[],
    private position: number,
    private readonly listener: Listener,
  ) {
    this.#ended = this.#run();
  }

  wake(): void {
    this.#news = true;
    if (this.#failures === 0) this.#resume();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#resume();
    return this.#ended;
  }

  async #run(): Promise<void> {
    await this.#turn();
    while (!this.#stopped) {
      try {
        this.#news = false;
        const events = this.readAll(this.position, BATCH);
        this.#failures = 0;
        await this.#handOver(events);
        if (events.length < BATCH && !this.#news) await this.#pause();
        else await this.#turn();
      } catch {
        // The store could not be read; the next try, or whoever appends, will say why.
        await this.#backOff();
      }
    }
  }

  /** S2: these very events, until they are taken. */
  async #handOver(events: readonly RecordedEvent[]): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    while (!this.#stopped) {
      try {
        await this.listener(events);
        this.#failures = 0;
        this.position = last.position;
        return;
      } catch {
        await this.#backOff();
      }
    }
  }

  /** A long catch-up must let timers and sockets have their turn. */
  #turn(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Until there is news. */
  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #backOff(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    const delay = Math.min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** this.#failures++);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
