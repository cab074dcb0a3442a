/**
 * Feeds the index of a store that keeps none.
 *
 * Invariants
 * P1  Summaries and the position that they are of go into the index in one transaction, and that position is told only then: whoever has
 *     waited for a position finds in the index what the store held there, or later.
 * P2  What fails is tried again with the same events, after pauses that grow, and told; meanwhile the index stands still, and is true of
 *     an earlier moment.
 * P3  The index is disposable: one that is another store's, was cleared or is damaged is made anew, from the first event.
 * P4  After `stop()` has resolved nothing is put any more, and nobody waits.
 */
import { type Clock, type EventStore, type RecordedEvent, type SagaIndex, SkaldError } from '@skald/kernel';
import { decodeEvent } from './event-codec.js';
import { IndexFolds } from './index-folds.js';
import { type Observer, observers } from './observer.js';
import { CACHED_SAGAS, forgetAnothers } from './rebuild-index.js';
import { systemClock } from './system.js';

export interface ProjectionOptions {
  readonly clock?: Clock;
  readonly observers?: readonly Observer[];
  /** Saga states kept at hand. Default 20,000. */
  readonly cachedSagas?: number;
}

/** How far an index is behind its store. */
export interface IndexLag {
  /** Position up to which the index has seen the store. */
  readonly position: number;
  /** Position of the store's last event; positions are numbers of events or, in EventStoreDB, bytes of its log. */
  readonly head: number;
  /** How old what the index shows is at most; 0 when it has seen everything. */
  readonly milliseconds: number;
}

interface Waiter {
  readonly position: number;
  resolve(): void;
  reject(error: Error): void;
}

/** First pause after a failure in milliseconds; doubles up to the longest. */
const PAUSE = 250;
const LONGEST_PAUSE = 10_000;

export class IndexProjection {
  private readonly clock: Clock;
  private readonly observer: Required<Observer>;
  private readonly waiting = new Set<Waiter>();
  private running: Promise<void> | undefined;
  private stopped = false;
  /** Unknown before the index was asked: nothing is caught up with then. */
  private seen = -1;
  /** When the index was last known to show everything, or the time of the last event that it shows. */
  private freshAt = 0;
  private mustClear = false;
  /** Ends the subscription that is running. */
  private startOver = () => {};
  private wakeUp = () => {};

  constructor(
    private readonly store: EventStore,
    private readonly index: SagaIndex,
    private readonly options: ProjectionOptions = {},
  ) {
    this.clock = options.clock ?? systemClock;
    this.observer = observers(options.observers ?? []);
  }

  /** Follows the store from where the index stands. */
  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wakeUp();
    this.startOver();
    await this.running;
    for (const { reject } of this.waiting) reject(new SkaldError('app-stopped'));
    this.waiting.clear();
  }

  /** Position up to which the index has seen the store; -1 while that is not known. */
  get position(): number {
    return this.seen;
  }

  /**
   * Resolves when the index has seen the store up to `position` (default: all that is stored now). Rejects with `app-stopped` after `stop()`
   * or when `signal` says so, and with what asking the store for its head rejects with.
   */
  async caughtUp(position?: number, signal?: AbortSignal): Promise<void> {
    const wanted = position ?? (await this.store.head());
    if (this.stopped || signal?.aborted) throw new SkaldError('app-stopped');
    if (this.seen >= wanted) return;
    let waiter: Waiter | undefined;
    const abort = () => waiter?.reject(new SkaldError('app-stopped'));
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { position: wanted, resolve, reject };
        this.waiting.add(waiter);
        signal?.addEventListener('abort', abort);
      });
    } finally {
      if (waiter) this.waiting.delete(waiter);
      signal?.removeEventListener('abort', abort);
    }
  }

  async lag(): Promise<IndexLag> {
    const asked = this.clock.now();
    const head = await this.store.head();
    const position = Math.max(0, this.seen);
    if (this.seen >= head) this.freshAt = Math.max(this.freshAt, asked);
    return { position, head, milliseconds: this.seen >= head ? 0 : Math.max(0, this.clock.now() - this.freshAt) };
  }

  /** P3: makes the index anew, while it is in use. */
  rebuild(): void {
    this.mustClear = true;
    this.startOver();
  }

  private async run(): Promise<void> {
    for (let pause = PAUSE; !this.stopped; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        await this.follow();
        pause = PAUSE;
      } catch (error) {
        this.observer.troubled(`the index cannot follow the store; next try in ${pause} ms`, error);
        await this.sleep(pause);
      }
    }
  }

  /** Resolves when it is to be begun anew, or stopped. */
  private async follow(): Promise<void> {
    const { store, index, observer, options } = this;
    let isOver = false;
    const over = new Promise<void>((resolve) => {
      this.startOver = () => {
        isOver = true;
        this.wakeUp();
        resolve();
      };
    });
    this.seen = -1;
    if (this.mustClear) await index.clear();
    this.mustClear = false;
    await forgetAnothers(store, index);
    this.moveTo(await index.position());
    if (this.stopped || isOver) return;
    const folds = new IndexFolds(store, observer, Math.max(1, options.cachedSagas ?? CACHED_SAGAS));
    const subscription = store.subscribe(this.seen, (events) => this.take(events, folds, () => isOver));
    await over;
    await subscription.stop();
  }

  /** P1, P2. What the listener of a subscription rejects with, it is given again. */
  private async take(events: readonly RecordedEvent[], folds: IndexFolds, isOver: () => boolean): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    const summaries = await this.persist('the events of sagas cannot be read', isOver, () => folds.fold(events));
    await this.persist('the index cannot be written', isOver, async () => {
      try {
        await this.index.put(summaries, last.position);
      } catch (error) {
        if (!(error instanceof SkaldError)) throw error;
        if (error.code === 'store-corrupt') this.rebuild();
        else if (error.code === 'index-cleared') this.startOver();
        throw error;
      }
    });
    this.freshAt = Math.max(this.freshAt, timeOf(last) ?? 0);
    this.moveTo(last.position);
  }

  private async persist<T>(what: string, isOver: () => boolean, work: () => Promise<T>): Promise<T> {
    for (let pause = PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      if (isOver()) throw new SkaldError('app-stopped');
      try {
        return await work();
      } catch (error) {
        this.observer.troubled(`${what}; the index lags behind, next try in ${pause} ms`, error);
        if (!isOver()) await this.sleep(pause);
      }
    }
  }

  private moveTo(position: number): void {
    this.seen = position;
    for (const waiter of this.waiting) if (waiter.position <= position) waiter.resolve();
  }

  private sleep(milliseconds: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.clock.at(this.clock.now() + milliseconds, resolve);
      this.wakeUp = () => {
        cancel();
        resolve();
      };
    });
  }
}

function timeOf(recorded: RecordedEvent): number | undefined {
  try {
    return decodeEvent(recorded).at;
  } catch {
    return undefined;
  }
}
