/**
 * Wakes sagas when something in them is due.
 *
 * Invariants
 * M1  The index is the truth: it holds for every saga a moment no later than its earliest timer, stored with the events that set it.
 *     What is kept in memory is only there to be punctual.
 * M2  A wake is an input like any other; too early, too late or twice, it changes nothing.
 * M3  Many due at once are woken in portions, the most overdue first: at most so many are under way at once, and the index is asked for
 *     more as soon as they are through.
 */
import { type Clock, type MessageBus, nextDue, type SagaIndex, type SagaState } from '@skald/kernel';
import type { CrashPoints } from './crash-points.js';
import { DueQueue } from './due-queue.js';
import type { Observer } from './observer.js';
import type { Ownership } from './ownership.js';

export interface TimerPorts {
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
  readonly ownership: Ownership;
}

export interface TimerOptions {
  /** How often the index is asked, in milliseconds; what is due sooner than that is kept in memory. */
  readonly scanInterval: number;
  /** Sagas woken at once. */
  readonly portion: number;
}

/** A wake that was not heard of for so long, in milliseconds, is taken for lost. */
const LOST = 60_000;

export class Timers {
  private readonly near = new DueQueue();
  /** Woken and not yet through, with the time of the wake; the longest under way first. */
  private readonly waking = new Map<string, number>();
  /** Known to the index and not to the store, or unreadable there: to wake them again would help nobody. */
  private readonly hopeless = new Set<string>();
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

  /** A saga has been decided on: its wake is through, and what falls due soon is remembered. */
  onTurn(sagaId: string, state: SagaState): void {
    const due = nextDue(state);
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
    try {
      const limit = this.options.portion + this.waking.size + this.hopeless.size;
      const found = await index.due(now + this.horizon, limit, (sagaId) => ownership.owns(sagaId));
      for (const { sagaId, dueAt } of found) if (!this.hopeless.has(sagaId)) this.near.add(sagaId, dueAt);
      this.more = found.length >= limit;
      this.arm();
    } catch (error) {
      observer.troubled('the timers that are due cannot be read; they will be late', error);
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
