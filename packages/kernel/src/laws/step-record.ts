import type { StepPolicy } from '../history/events.js';

/** What a history says of one step's compensation. `again`: a success came that the last one did not cover. */
export interface UndoRecord {
  round: number;
  attempt: number;
  state: 'none' | 'asked' | 'failed' | 'through' | 'skipped';
  crossed: 'no' | 'beside' | 'after';
  again: boolean;
  notBefore: number;
}

/** What a history says of one step. */
export interface StepRecord {
  readonly id: string;
  readonly after: readonly string[];
  readonly dependents: StepRecord[];
  readonly pivot: boolean;
  /** It asks nobody and waits: for a time, for a signal of that name, or for its items. */
  waits: 'time' | 'signal' | 'items' | undefined;
  signal: string | undefined;
  /** It starts a saga. */
  child: boolean;
  /** It may be answered later, by a task token. */
  callback: StepPolicy['callback'];
  /** Its participant has said so, and until when. */
  deferred: boolean;
  deferredUntil: number;
  heartbeatAt: number;
  /** It was given up while somebody may have been working on it. */
  abandoned: boolean;
  /** The saga's own method says how it is undone. */
  readonly ownCompensation: boolean;
  round: number;
  attempt: number;
  outcome: 'awaited' | 'waiting' | 'succeeded' | 'failed' | 'unknown' | 'skipped' | 'caught' | 'stopped';
  seal: 'none' | 'asked' | 'failed' | 'sealed';
  /** An attempt of this round ended without a certain outcome. */
  doubt: boolean;
  /** What of it stands in the world: nothing, perhaps something, its effect, or what an operator chose to leave. */
  standing: 'nothing' | 'maybe' | 'effect' | 'left';
  /** A new round is allowed: a failure or a seal is on record, or an operator asked for it. */
  mayOpenRound: boolean;
  /** An operator has other arguments for it than those of this round. */
  patchedIn: number | undefined;
  /** A success of this round is on record, by a reply or by an operator. */
  success: boolean;
  /** The success came when the saga had turned back, ended, or gone on without the step. */
  late: boolean;
  /** The success came when the step's turn to be undone was over: it holds up nobody. */
  outOfTurn: boolean;
  /** Neither the end of an attempt nor a repeat may come before this time. */
  notBefore: number;
  readonly undo: UndoRecord;
}

export function newRecord(id: string, after: readonly string[], pivot: boolean, ownCompensation: boolean): StepRecord {
  return {
    id,
    after,
    dependents: [],
    pivot,
    waits: undefined,
    signal: undefined,
    child: false,
    callback: undefined,
    deferred: false,
    deferredUntil: 0,
    heartbeatAt: Number.POSITIVE_INFINITY,
    abandoned: false,
    ownCompensation,
    round: 1,
    attempt: 0,
    outcome: 'awaited',
    seal: 'none',
    doubt: false,
    standing: 'nothing',
    mayOpenRound: false,
    patchedIn: undefined,
    success: false,
    late: false,
    outOfTurn: false,
    notBefore: 0,
    undo: { round: 0, attempt: 0, state: 'none', crossed: 'no', again: false, notBefore: 0 },
  };
}

/** Something of the step itself is still to come: an answer, another attempt, or a seal. */
export function isInFlight(step: StepRecord): boolean {
  return step.outcome === 'awaited' || step.outcome === 'waiting';
}

/** The saga goes on without the step. What may stand of it is undone as a success that comes late would be: it holds up nobody. */
export function settleWithout(step: StepRecord): void {
  step.outcome = 'caught';
  step.outOfTurn ||= step.doubt || step.standing === 'effect';
}
