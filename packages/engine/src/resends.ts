/**
 * Sends again what has been owed for long: a command that was lost on its way, or its reply, would else wait for its step's timeout.
 *
 * Invariants
 * Z1  A command is sent again 30 seconds after it was first owed, then after twice the time each time, up to 10 minutes; for as long as it is
 *     owed and no longer. Its idempotency key makes a copy harmless. A child saga that has answered that it is at work is not asked again from
 *     here: its parent does that, less and less often.
 * Z2  At most so many sagas at once, the longest owing first: a participant that is away is not met by everything at its return.
 * Z3  Only an accelerator, in memory and bounded: what is forgotten here is found by its step's timer, or sent again by the next owner.
 */
import type { Clock, SagaState, Target } from '@skald/kernel';

export interface ResendPorts {
  readonly clock: Clock;
  /** Sends again what the saga owes and was requested up to this revision. */
  send(sagaId: string, revision: number): void;
  owns(sagaId: string): boolean;
}

/** Milliseconds to wait, each time. */
const STEPS = [30_000, 60_000, 120_000, 240_000, 480_000, 600_000] as const;
/** Between two portions, in milliseconds. */
const LOOK = 5_000;
/** Sagas at once. */
const PORTION = 500;
const MOST = 200_000;

interface Owing {
  /** When it is to be sent again. */
  readonly at: number;
  /** It was tracked when this was the revision of the last command that was owed. */
  readonly revision: number;
}

export class Resends {
  /** By the number of times that it was sent again, and in each in the order of time. */
  private readonly levels: readonly Map<string, Owing>[] = STEPS.map(() => new Map());
  private cancel: (() => void) | undefined;
  private stopped = false;

  constructor(private readonly ports: ResendPorts) {}

  /** A saga was decided on, and what it owes is with the bus. */
  onTurn(sagaId: string, state: SagaState): void {
    const level = this.levelOf(sagaId);
    const known = level?.get(sagaId);
    if (known && owesUpTo(state, known.revision)) return;
    level?.delete(sagaId);
    const unanswered = unansweredOf(state);
    if (unanswered.length > 0) this.track(sagaId, state, unanswered);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private track(sagaId: string, { timers }: SagaState, unanswered: readonly Unanswered[]): void {
    const [level] = this.levels;
    if (this.stopped || !level || level.size >= MOST) return;
    const { clock } = this.ports;
    const at = clock.now() + STEPS[0];
    // A timer of its own comes sooner: that step is tried again by its policy.
    if (unanswered.every(([target]) => (timers.get(target) ?? at) <= at)) return;
    level.set(sagaId, { at, revision: Math.max(...unanswered.map(([, revision]) => revision)) });
    this.cancel ??= clock.at(at, () => this.look());
  }

  private levelOf(sagaId: string): Map<string, Owing> | undefined {
    return this.levels.find((level) => level.size > 0 && level.has(sagaId));
  }

  /** The longest owing first. */
  private look(): void {
    this.cancel = undefined;
    let left = PORTION;
    const now = this.ports.clock.now();
    for (let nth = STEPS.length - 1; nth >= 0; nth--) {
      for (const [sagaId, { at, revision }] of this.levels[nth] ?? []) {
        if (at > now || left === 0) break;
        this.levels[nth]?.delete(sagaId);
        if (!this.ports.owns(sagaId)) continue;
        left -= 1;
        const next = Math.min(nth + 1, STEPS.length - 1);
        this.levels[next]?.set(sagaId, { at: now + (STEPS[next] ?? 0), revision });
        this.ports.send(sagaId, revision);
      }
    }
    const earliest = Math.min(...this.levels.map((level) => firstOf(level)?.at ?? Number.POSITIVE_INFINITY));
    if (!this.stopped && earliest < Number.POSITIVE_INFINITY) {
      this.cancel = this.ports.clock.at(Math.max(earliest, now + LOOK), () => this.look());
    }
  }
}

function firstOf(level: ReadonlyMap<string, Owing>): Owing | undefined {
  return level.values().next().value;
}

function owesUpTo(state: SagaState, revision: number): boolean {
  return unansweredOf(state).some(([, each]) => each <= revision);
}

/** What is owed and its revision. */
type Unanswered = readonly [Target, number];

function unansweredOf({ owed, steps }: SagaState): readonly Unanswered[] {
  return [...owed].filter(([target]) => !target.startsWith('step:') || steps.get(target.slice('step:'.length))?.status !== 'deferred');
}
