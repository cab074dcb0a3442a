/**
 * Wakes sagas when something in them is due.
 *
 * Invariants
 * M1  The index is the truth: it holds for every saga a moment no later than its earliest timer, stored with the events that set it.
 *     What is kept in memory is only there to be punctual.
 * M2  A wake is an input like any other; too early, too late or twice, it changes nothing.
 * M3  Many due at once are woken in portions, the most overdue first: at most so many are under way at once, and the index is asked for
 *     more as soon as they are through.
 * M4  An index that lags behind the store is not believed of a saga that was decided on since: what that one needs is known here until the
 *     index has seen it. It is neither woken for what is past nor late because the index is.
 */
import { type Clock, type MessageBus, nextDue, type SagaIndex, type SagaState } from '@skald/kernel';
import type { CrashPoints } from './crash-points.js';
import { DueQueue } from './due-queue.js';
import type { IndexProjection } from './index-projection.js';
import type { Observer } from './observer.js';
import type { Ownership } from './ownership.js';

export interface TimerPorts {
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
  readonly ownership: Ownership;
  /** Feeds the index where its store does not. */
  readonly projection?: Pick<IndexProjection, 'position'> | undefined;
}

export interface TimerOptions {
  /** How often the index is asked, in milliseconds; what is due sooner than that is kept in memory. */
  readonly scanInterval: number;
  /** Sagas woken at once. */
  readonly portion: number;
}

/** A wake that was not heard of for so long, in milliseconds, is taken for lost. */
const LOST = 60_000;
/** M4: beyond that the oldest is left to the index, late or woken for nothing as it may be. */
const MOST_AHEAD = 200_000;

export class Timers {
  private readonly near = new DueQueue();
  /** Woken and not yet through, with the time of the wake; the longest under way first. */
  private readonly waking = new Map<string, number>();
  /** Known to the index and not to the store, or unreadable there: to wake them again would help nobody. */
  private readonly hopeless = new Set<string>();
  /** M4: sagas whose last event has this position, which the index had not seen, and when they are due. */
  private readonly ahead = new Map<string, { readonly position: number; readonly due: number | undefined }>();
  private cancelScan = () => {};
  private cancelNear = () => {};
  private nearAt = Number.POSITIVE_INFINITY;
  private scanning: Promise<void> | undefined;
  private more = false;
  private stopped = false;

  constructor(
    private readonly ports: TimerPorts,
    private readonly options: TimerOptions,
  ) {}

  start(): void {
    this.cancelScan();
    this.scanning ??= this.scan().finally(() => {
      this.scanning = undefined;
      const { clock } = this.ports;
      if (!this.stopped) this.cancelScan = clock.at(clock.now() + this.options.scanInterval, () => this.start());
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelScan();
    this.cancelNear();
    await this.scanning;
  }

  /** A saga has been decided on, its last event is at `position`: its wake is through, and what falls due soon is remembered. */
  onTurn(sagaId: string, state: SagaState, position: number): void {
    const due = nextDue(state);
    if (position > this.indexed) this.remember(sagaId, position, due);
    const soon = due !== undefined && due <= this.ports.clock.now() + this.horizon;
    this.near.set(sagaId, soon ? due : undefined);
    if (state.phase !== 'new') this.hopeless.delete(sagaId);
    else if (this.waking.has(sagaId)) this.hopeless.add(sagaId);
    const woken = this.waking.delete(sagaId);
    if (soon || woken) this.arm();
    if (woken && this.more && this.hasRoom && !this.stopped) this.start();
  }

  /** What is due later is found by the next scan but one, at the latest. */
  private get horizon(): number {
    return this.options.scanInterval * 2;
  }

  /** A store that keeps its index has no lag. */
  private get indexed(): number {
    return this.ports.projection?.position ?? Number.POSITIVE_INFINITY;
  }

  private get hasRoom(): boolean {
    return this.waking.size * 2 <= this.options.portion;
  }

  private arm(): void {
    const earliest = this.near.earliest();
    if (this.stopped || earliest === undefined || earliest >= this.nearAt || !this.hasRoom) return;
    this.cancelNear();
    this.nearAt = earliest;
    this.cancelNear = this.ports.clock.at(earliest, () => {
      this.nearAt = Number.POSITIVE_INFINITY;
      const due = this.near.takeDue(this.ports.clock.now(), this.options.portion - this.waking.size);
      void this.wake(due).then(() => this.arm());
    });
  }

  private async scan(): Promise<void> {
    const { index, clock, observer, ownership } = this.ports;
    const now = clock.now();
    for (const [sagaId, since] of this.waking) {
      if (since > now - LOST) break;
      this.waking.delete(sagaId);
    }
    this.catchUp(now + this.horizon);
    try {
      const limit = this.options.portion + this.waking.size + this.hopeless.size;
      const found = await index.due(now + this.horizon, limit, (sagaId) => ownership.isIndexed(sagaId) && !this.ahead.has(sagaId));
      for (const { sagaId, dueAt } of found) if (!this.hopeless.has(sagaId)) this.near.add(sagaId, dueAt);
      this.more = found.length >= limit;
      this.arm();
    } catch (error) {
      observer.troubled('the timers that are due cannot be read; they will be late', error);
    }
  }

  private remember(sagaId: string, position: number, due: number | undefined): void {
    this.ahead.delete(sagaId);
    this.ahead.set(sagaId, { position, due });
    for (const oldest of this.ahead.keys()) {
      if (this.ahead.size <= MOST_AHEAD) return;
      this.ahead.delete(oldest);
    }
  }

  /** M4: before the index is asked, so that what it has seen by then is in its answer. */
  private catchUp(until: number): void {
    const { indexed } = this;
    for (const [sagaId, { position, due }] of this.ahead) {
      if (position <= indexed) this.ahead.delete(sagaId);
      else if (due !== undefined && due <= until) this.near.add(sagaId, due);
    }
  }

  private async wake(sagaIds: readonly string[]): Promise<void> {
    const { bus, observer, crashPoints, clock } = this.ports;
    const asleep = sagaIds.filter((sagaId) => !this.waking.has(sagaId) && this.ports.ownership.owns(sagaId));
    if (asleep.length === 0 || this.stopped) return;
    for (const sagaId of asleep) this.waking.set(sagaId, clock.now());
    crashPoints.reach('timer:fired');
    try {
      await bus.publish(
        asleep.map((sagaId) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } })),
      );
    } catch (error) {
      for (const sagaId of asleep) this.waking.delete(sagaId);
      observer.troubled('sagas that are due could not be woken; they are tried again', error);
    }
  }
}
