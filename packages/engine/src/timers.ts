/**
 * Wakes sagas when something in them is due.
 *
 * Invariants
 * M1  The index is the truth: it holds for every saga a moment no later than its earliest timer, stored with the events that set it.
 *     What is kept in memory is only there to be punctual.
 * M2  A wake is an input like any other; too early, too late or twice, it changes nothing.
 * M3  Many due at once are woken in portions, the most overdue first: the next portion when this one is through.
 */
import { type Clock, type MessageBus, nextDue, type SagaIndex, type SagaState } from '@skald/kernel';
import type { CrashPoints } from './crash-points.js';
import { DueQueue } from './due-queue.js';
import type { Observer } from './observer.js';

export interface TimerPorts {
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
}

export interface TimerOptions {
  /** How often the index is asked, in milliseconds; what is due sooner than that is kept in memory. */
  readonly scanInterval: number;
  /** Sagas woken at once. */
  readonly portion: number;
}

export class Timers {
  private readonly near = new DueQueue();
  private readonly waking = new Set<string>();
  private cancelScan = () => {};
  private cancelNear = () => {};
  private nearAt = Number.POSITIVE_INFINITY;
  private scanning: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly ports: TimerPorts,
    private readonly options: TimerOptions,
  ) {}

  start(): void {
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
  onTurn(state: SagaState): void {
    this.waking.delete(state.sagaId);
    const due = nextDue(state);
    if (due !== undefined && due <= this.ports.clock.now() + this.options.scanInterval * 2) this.remember(state.sagaId, due);
  }

  private remember(sagaId: string, due: number): void {
    this.near.add(sagaId, due);
    this.arm();
  }

  private arm(): void {
    const earliest = this.near.earliest();
    if (this.stopped || earliest === undefined || earliest >= this.nearAt) return;
    this.cancelNear();
    this.nearAt = earliest;
    this.cancelNear = this.ports.clock.at(earliest, () => {
      this.nearAt = Number.POSITIVE_INFINITY;
      void this.wake(this.near.takeDue(this.ports.clock.now(), this.options.portion)).then(() => this.arm());
    });
  }

  private async scan(): Promise<void> {
    const { index, clock, observer } = this.ports;
    try {
      const until = clock.now() + this.options.scanInterval * 2;
      for (const { sagaId, dueAt } of await index.due(until, this.options.portion + this.waking.size)) this.near.add(sagaId, dueAt);
      this.arm();
    } catch (error) {
      observer.troubled('the timers that are due cannot be read; they will be late', error);
    }
  }

  private async wake(sagaIds: readonly string[]): Promise<void> {
    const { bus, observer, crashPoints } = this.ports;
    const asleep = sagaIds.filter((sagaId) => !this.waking.has(sagaId));
    if (asleep.length === 0 || this.stopped) return;
    for (const sagaId of asleep) this.waking.add(sagaId);
    crashPoints.reach('timer:fired');
    try {
      await bus.publish(asleep.map((sagaId) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } })));
    } catch (error) {
      for (const sagaId of asleep) this.waking.delete(sagaId);
      observer.troubled('sagas that are due could not be woken; they are tried again', error);
    }
  }
}
