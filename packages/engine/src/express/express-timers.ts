import type { Clock } from '@skald/kernel';
import { DueQueue } from '../due-queue.js';
import type { ExpressRun } from './express-run.js';

/** How often all runs are looked through, in milliseconds; what is due before the next look but one is kept in order. */
const LOOK = 1_000;

/** Tells when something in a run is due. Nothing is set while there are no runs. */
export class ExpressTimers {
  private readonly near = new DueQueue();
  private cancelLook: (() => void) | undefined;
  private cancelNear = () => {};
  private nearAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly runs: ReadonlyMap<string, ExpressRun>,
    private readonly onDue: (sagaIds: readonly string[]) => void,
  ) {}

  /** A run was decided on, or is over. */
  onTurn({ sagaId, isSettling, dueAt }: ExpressRun): void {
    const soon = !isSettling && dueAt <= this.clock.now() + 2 * LOOK;
    this.near.set(sagaId, soon ? dueAt : undefined);
    if (soon) this.arm();
    this.cancelLook ??= this.clock.at(this.clock.now() + LOOK, () => this.look());
  }

  stop(): void {
    this.cancelLook?.();
    this.cancelNear();
    this.nearAt = Number.NEGATIVE_INFINITY;
  }

  private look(): void {
    this.cancelLook = undefined;
    if (this.runs.size === 0) return;
    const until = this.clock.now() + 2 * LOOK;
    for (const { sagaId, isSettling, dueAt } of this.runs.values()) if (!isSettling && dueAt <= until) this.near.add(sagaId, dueAt);
    this.arm();
    this.cancelLook = this.clock.at(this.clock.now() + LOOK, () => this.look());
  }

  private arm(): void {
    const earliest = this.near.earliest();
    if (earliest === undefined || earliest >= this.nearAt) return;
    this.cancelNear();
    this.nearAt = earliest;
    this.cancelNear = this.clock.at(earliest, () => {
      this.nearAt = Number.POSITIVE_INFINITY;
      this.onDue(this.near.takeDue(this.clock.now(), Number.POSITIVE_INFINITY));
      this.arm();
    });
  }
}
