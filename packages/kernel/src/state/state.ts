import type { Attributes, RecordedAttributes } from '../deciding/attributes.js';
import type { StepDefinition } from '../definition/definition.js';
import type { ErrorRecord } from '../errors/errors.js';
import type { CompensationReason, RecordedCommand, SagaEnd, StepPolicy, Target } from '../history/events.js';
import type { Answer, SagaParent, StartedAgain } from '../messages.js';
import type { TraceContext } from '../trace.js';
import type { MapState } from './map-state.js';
import type { TaskEnd } from './task-end.js';

/**
 * What is known of a saga: a fold over its stream and nothing else. Owned by one folder at a time, which may change it in place;
 * everybody else reads.
 */
export interface SagaState {
  sagaId: string;
  saga: string;
  version: number;
  incarnation: string;
  input: unknown;
  inputHash: string;
  startRequest: string;
  /** Whether it waits for a slot; none: nothing limits it. */
  slot: 'none' | 'asked' | 'held';
  /** Of the event because of which something is to be said to the limiter. */
  slotRevision: number;
  /** The step of another saga that started it. */
  parent: SagaParent | undefined;
  /** Round of the compensation by which its parent wants it undone; 0: it was never to begin; -1: it is wanted. */
  withdrawn: number;
  /** Revision at which what its parent is to be told has last changed; -1: nothing yet. */
  toldAt: number;
  /** It takes the place of another saga. */
  again: StartedAgain | undefined;
  trace: TraceContext | undefined;
  phase: 'new' | 'running' | 'compensating' | 'ended';
  /** Revision of the last event; -1 before the first. */
  revision: number;
  /** Time of the last event. */
  at: number;
  startedAt: number;
  /** Time of the event that set its status. */
  since: number;
  /** By id, in the order of their first request. */
  readonly steps: Map<string, StepState>;
  readonly maps: Map<string, MapState>;
  /** Steps that an operator said are to be requested again. */
  readonly due: Set<string>;
  /** Policies on record, by their text, with the step that had each first. */
  readonly policies: Map<string, string>;
  /** Results by step id, for the saga's own methods. */
  readonly results: Record<string, unknown>;
  pivotPassed: boolean;
  /** Pivots whose outcome is awaited. */
  readonly pivotsOpen: Set<string>;
  /** What may fall due: by what it belongs to (`deadline`, `step:…`, `compensation:…`), in epoch milliseconds. */
  readonly timers: Map<Timer, number>;
  /** Commands that the world is owed, with the revision of the event that requested each. */
  readonly owed: Map<Target, number>;
  cancel: { readonly request: string; readonly reason: string; readonly by: string } | undefined;
  /** Kept when it has passed: commands in flight say until when they are valid. */
  deadlineAt: number | undefined;
  deadlinePassed: boolean;
  compensation: CompensationReason | undefined;
  /** Steps whose turn to be undone has come; items of a map stand in a line of their own. */
  readonly undoReady: Set<string>;
  /** While undoing: steps that are not yet clear (in flight, to be undone, or with a dependent that is). */
  open: number;
  undone: boolean;
  withSkips: boolean;
  readonly parked: Map<Target, Parked>;
  /** Arguments for steps whose present key must be closed first, by step id. */
  readonly patches: Map<string, readonly unknown[]>;
  /** An operator said: nothing new for now. */
  heldSince: number | undefined;
  /** Answers by request id (`signal/<name>/<id>` for signals): a repeat gets the first. */
  readonly answers: Map<string, Answer>;
  /** How many refusals are on record. */
  refusals: number;
  /** How it ended; kept while it is reopened for a late success. */
  end: SagaEnd | undefined;
  /** Signals that no step has taken yet, by name, in the order of their arrival. */
  readonly signals: Map<string, KeptSignal[]>;
  /** Search attributes; absent where there are none. */
  attributes: Attributes | undefined;
  /** The same as they are recorded. */
  recordedAttributes: RecordedAttributes | undefined;
  /** What could not be computed, by attribute. */
  attributeErrors: Readonly<Record<string, string>> | undefined;
  /** What was said by task tokens that have been used (`taskKey`). */
  readonly tasks: Map<string, TaskEnd>;
  /** Ended, but a success came late and is being undone. */
  reopened: boolean;
  /** Of an express saga that has ended only a summary is there: its steps cannot be asked or undone. */
  isSummary: boolean;
}

export type Timer = Target | 'deadline';

export interface KeptSignal {
  readonly id: string;
  readonly payload: unknown;
}

export interface Parked {
  readonly error: ErrorRecord;
  readonly since: number;
  readonly revision: number;
}

/**
 * requested: in flight · deferred: its participant has it, and its outcome comes by a task token · backoff: waits for its next attempt · due: to be requested again (an operator said so) · sealing, seal-backoff:
 * its unknown outcome is being resolved · waiting: for a time, a signal, or its items · succeeded · failed: known not to have happened · unknown: may have happened ·
 * skipped · caught: it failed, and the saga goes on without it · stopped: it waited when the saga turned back or was terminated.
 */
export type StepStatus =
  | 'requested'
  | 'deferred'
  | 'backoff'
  | 'due'
  | 'sealing'
  | 'seal-backoff'
  | 'waiting'
  | 'succeeded'
  | 'failed'
  | 'unknown'
  | 'skipped'
  | 'caught'
  | 'stopped';

export interface StepState {
  readonly id: string;
  readonly kind: StepDefinition['kind'];
  readonly after: readonly string[];
  /** Name of the signal that it waits for, and whether it is skipped when none comes in time. */
  signal: string | undefined;
  skipsOnTimeout: boolean;
  /** Absent on a step that asks for nothing: skipped, or only waiting. An operator may have patched its arguments. */
  command: RecordedCommand | undefined;
  readonly policy: StepPolicy | undefined;
  status: StepStatus;
  round: number;
  attempt: number;
  /** Attempts that count against the retry policy. */
  tries: number;
  sealTries: number;
  sealAsked: boolean;
  /** An attempt of this round ended without a certain outcome. */
  doubt: boolean;
  /** The round's key is closed: its action will never run (again), though it may have run. */
  sealed: boolean;
  /** It may be begun until later than when the round's key was first requested: copies of its command may still say the time of before. */
  outdated: boolean;
  /** When the round's key was first requested. */
  firstRequestedAt: number;
  dueAt: number;
  /** Revision of the event by which it began to wait as it does: for a time, a signal, or whoever has its task token. */
  waitsSince: number;
  /** The round of which its participant is known to have said that it will be answered later. */
  deferredRound: number;
  /** How often a child was asked under this round, or this attempt. */
  asks: number;
  /** When the next heartbeat of a deferred step is due, where it has any. */
  heartbeatAt: number | undefined;
  result: unknown;
  error: ErrorRecord | undefined;
  /** The step that stands in for it, once its failure is caught. */
  caughtBy: string | undefined;
  /** The participant said there is something to undo, or has not said. */
  compensable: boolean;
  /** It succeeded when the saga had already gone on without it. */
  stranded: boolean;
  undo: UndoState | undefined;
  /** Direct dependents that are not yet clear. */
  blockers: number;
  clear: boolean;
  /** Undone out of turn: it holds up nobody. */
  outOfTurn: boolean;
}

export interface UndoState {
  round: number;
  attempt: number;
  tries: number;
  status: 'requested' | 'backoff' | 'due' | 'done' | 'skipped' | 'again';
  command: RecordedCommand | undefined;
  /** An operator patched the arguments with which the participant is to undo its action. */
  args: readonly unknown[] | undefined;
  firstRequestedAt: number;
  dueAt: number;
  executed: boolean;
  /** A success arrived while this undo was under way; `after-undo`: the participant says that it ended after the undo. */
  crossed: 'success' | 'after-undo' | undefined;
}

/** Nothing new is requested: an operator holds the saga, or its program threw. */
export function isHeld(state: SagaState): boolean {
  return state.heldSince !== undefined || state.parked.has('program');
}

/** Earliest moment at which something in this saga falls due, in epoch milliseconds. */
export function nextDue(state: SagaState): number | undefined {
  if (isHeld(state) || state.timers.size === 0) return undefined;
  let earliest = Number.POSITIVE_INFINITY;
  for (const due of state.timers.values()) if (due < earliest) earliest = due;
  return earliest;
}

export function isInFlight(step: Pick<StepState, 'status'>): boolean {
  return step.status === 'requested' || step.status === 'deferred' || step.status === 'backoff' || step.status === 'due' || isSealing(step);
}

export function isSealing(step: Pick<StepState, 'status'>): boolean {
  return step.status === 'sealing' || step.status === 'seal-backoff';
}

/**
 * A pivot that nobody can undo, and that has succeeded although its saga had turned back, on the word of a person or a probe that it had not:
 * it stands, and a person has to look after it.
 */
export function standsAfterAll({ compensation, pivotPassed }: SagaState, { status, policy, compensable }: StepState): boolean {
  return compensation !== undefined && !pivotPassed && status === 'succeeded' && policy?.pivot === true && !compensable;
}

/** Does something of this step stand, or may stand, that has to be undone? */
export function needsUndo(step: StepState): boolean {
  const undo = step.undo?.status;
  if (undo === 'done' || undo === 'skipped') return false;
  // What was begun is brought to its end, even if it turns out that there is nothing to undo.
  if (undo === 'requested' || undo === 'backoff' || undo === 'due') return true;
  if (step.stranded) return step.compensable;
  if (step.status === 'caught') return step.doubt;
  return step.status === 'unknown' || (step.status === 'succeeded' && step.compensable);
}

/** An undo at the action's own fence that executed something covers every success that the fence knew; one elsewhere tells nothing of that. */
export function foundItDone(undo: UndoState): boolean {
  return undo.executed && undo.command === undefined;
}

/** Of what may be parked, owed or due for a step or its compensation. */
export function stepIdOf(target: Timer): string {
  return target.slice(target.indexOf(':') + 1);
}

export function stepOf(state: SagaState, id: string): StepState {
  const step = state.steps.get(id);
  if (!step) throw new Error(`history names step ${id}, which was never requested`);
  return step;
}

/** Idempotency key of a step's action: `sagaId/incarnation/step`, with `#round` from the second round on. */
export function actionKey(state: SagaState, step: StepState): string {
  return `${state.sagaId}/${state.incarnation}/${step.id}${step.round > 1 ? `#${step.round}` : ''}`;
}
