import type { RecordedAttributes } from '../deciding/attributes.js';
import type { RetryPolicy } from '../definition/retry.js';
import type { ErrorCode, ErrorRecord } from '../errors/errors.js';
import type { OperatorAction, SagaParent, StartedAgain } from '../messages.js';
import type { ChildCall } from '../state/child-call.js';
import type { StepStatus } from '../state/state.js';
import type { TraceContext } from '../trace.js';
import type { MapCompleted, MapFailed, MapStarted } from './map-events.js';
import type { Attempt, Recorded } from './recorded.js';
import type {
  HeartbeatReceived,
  SignalAwaited,
  SignalDiscarded,
  SignalReceived,
  StepDeferred,
  TimerFired,
  TimerSet,
} from './waiting-events.js';

/** What is asked of whom; `args` are JSON. */
export interface RecordedCommand {
  readonly participant: string;
  readonly action: string;
  readonly args: readonly unknown[];
  /** Present where it starts a saga. */
  readonly child?: ChildCall;
}

/** What the kernel needs to know of a step to carry it out and to undo it; recorded with its first request, so that history is enough. */
export interface StepPolicy {
  readonly timeout: number;
  /** Its command is valid to the end of its attempt; else to the saga's deadline, while there is a way back. */
  readonly expires?: 'attempt';
  /** It may be answered later, by a task token: milliseconds from when its participant said so, and between two heartbeats. */
  readonly callback?: { readonly timeout: number; readonly heartbeat?: number };
  readonly retry: RetryPolicy;
  readonly pivot: boolean;
  /** Who says how it is undone: its participant (by the action's idempotency key) or the saga's own method. */
  readonly compensation: 'participant' | 'saga';
  readonly compensationTimeout: number;
  readonly compensationRetry: RetryPolicy;
}

/** Why a saga turned back. */
export type CompensationReason =
  | { readonly type: 'failed'; readonly step?: string; readonly error: ErrorRecord }
  | { readonly type: 'cancelled'; readonly reason: string; readonly by: string }
  | { readonly type: 'deadline' }
  /** It had completed, and the saga that started it has turned back. */
  | { readonly type: 'withdrawn'; readonly by: string };

/** What can be parked for a person: a step, the compensation of a step, or the program (its code threw). */
export type Target = `step:${string}` | `compensation:${string}` | 'program';

export type SagaStarted = Recorded<
  'SagaStarted',
  {
    readonly sagaId: string;
    readonly saga: string;
    readonly version: number;
    /** Tells this life of the id from an earlier one whose stream was deleted; part of every idempotency key. */
    readonly incarnation: string;
    readonly input: unknown;
    /** SHA-256 of the canonical JSON of the input, hex: the same id with another input is refused. */
    readonly inputHash: string;
    readonly request: string;
    readonly deadlineAt?: number;
    readonly again?: StartedAgain;
    readonly trace?: TraceContext;
    /** It waits for a slot. */
    readonly limited?: true;
    /** The step that started it. */
    readonly parent?: SagaParent;
  }
>;
/** As many as may run, and this is one of them. It keeps the slot until it has ended, also while it is suspended or turns back. */
export type SlotGranted = Recorded<'SlotGranted', Readonly<Record<string, never>>>;

/** The saga that started it wants it undone, by that round of the step's compensation; or, by round 0, never begun. */
export type WithdrawnByParent = Recorded<'WithdrawnByParent', { readonly round: number }>;
/** A child that was not heard of is asked once more, under the same key; the next time then. */
export type ChildAskedAgain = Recorded<'ChildAskedAgain', { readonly target: Target; readonly dueAt: number }>;

/** The first request of a step: what it asks, of whom, after what, and how it is treated. */
export interface StepOpening {
  readonly after: readonly string[];
  readonly command: RecordedCommand;
  /** Absent where it is the policy of an earlier step, which `policyOf` names: policies are long, and most steps of a saga share one. */
  readonly policy?: StepPolicy;
  readonly policyOf?: string;
}

/** A command is owed from here on. The first request of a step carries what it asks and how it is treated; repeats carry only their number. */
export type StepRequested = Recorded<
  'StepRequested',
  Attempt & {
    /** When this attempt counts as timed out. */
    readonly dueAt: number;
    readonly opens?: StepOpening;
  }
>;
/**
 * The action happened. `compensable: false`: nobody has anything to undo. `late`: it came when the step no longer waited for it.
 * `afterUndo`: the participant ended the action after that round of its compensation, so that it must be undone again.
 */
export type StepSucceeded = Recorded<
  'StepSucceeded',
  {
    readonly step: string;
    readonly round: number;
    readonly result?: unknown;
    readonly compensable?: false;
    readonly late?: true;
    readonly afterUndo?: number;
    /** Id of the signal that was taken, where the step waited for one. */
    readonly signal?: string;
    /** It came by the task token. */
    readonly task?: true;
  }
>;
/** `effect: none`: known not to have happened (a business error, a refusal, or rolled back); `unknown`: it may have. */
export type StepFailed = Recorded<
  'StepFailed',
  Attempt & {
    readonly error: ErrorRecord;
    readonly kind: 'business' | 'technical' | 'refused';
    readonly effect: 'none' | 'unknown';
    /** Id of the signal that was taken and said no. */
    readonly signal?: string;
    /** It came by the task token. */
    readonly task?: true;
  }
>;
/** `heartbeat`: of a deferred step nothing was heard for too long. */
export type StepTimedOut = Recorded<'StepTimedOut', Attempt & { readonly heartbeat?: true }>;
/** `round` and `attempt` are those to come; a new round is a new idempotency key, opened only after a recorded failure. */
export type StepRetryScheduled = Recorded<'StepRetryScheduled', Attempt & { readonly dueAt: number }>;
export type StepSkipped = Recorded<'StepSkipped', { readonly step: string; readonly after: readonly string[]; readonly reason: string }>;
/** The outcome is unknown and must be known before anything else: the participant is asked to tell it, or to see that it never happens. */
export type StepSealRequested = Recorded<'StepSealRequested', Attempt & { readonly dueAt: number }>;
/** It never happened and never will. `doubt`: it will not run again, but an interrupted run may have had effect (external participants). */
export type StepSealed = Recorded<'StepSealed', { readonly step: string; readonly round: number; readonly doubt?: true }>;
export type StepSealFailed = Recorded<'StepSealFailed', Attempt & { readonly error: ErrorRecord; readonly retryAt?: number }>;

/**
 * The step has failed, it is known not to run again, and the saga goes on without it: with the step `by` in its place, or with nothing. Where
 * an interrupted run may have had effect, that is undone first.
 */
export type StepFailureCaught = Recorded<'StepFailureCaught', { readonly step: string; readonly error: ErrorRecord; readonly by?: string }>;

/** The step is settled, with the name of the branch as its result; the steps of the other branches are skipped. */
export type ChoiceMade = Recorded<
  'ChoiceMade',
  { readonly step: string; readonly after: readonly string[]; readonly chosen: string; readonly notTaken: readonly string[] }
>;

export type CompensationStarted = Recorded<'CompensationStarted', { readonly reason: CompensationReason }>;
/** `round` counts the compensations of this step: a success that comes after the undo opens the next. `command` only where the saga says how. */
export type CompensationRequested = Recorded<
  'CompensationRequested',
  Attempt & { readonly dueAt: number; readonly command?: RecordedCommand }
>;
/** `executed: false`: there was nothing to undo (null compensation), and the action is refused from now on. */
export type CompensationSucceeded = Recorded<
  'CompensationSucceeded',
  { readonly step: string; readonly round: number; readonly executed: boolean }
>;
/** Without `retryAt` the policy is at its end, and a person is asked. */
export type CompensationFailed = Recorded<'CompensationFailed', Attempt & { readonly error: ErrorRecord; readonly retryAt?: number }>;

/** All search attributes from here on; recorded when they change. `errors`: what could not be computed, by attribute; it stays as it was. */
export type AttributesSet = Recorded<
  'AttributesSet',
  { readonly attributes: RecordedAttributes; readonly errors?: Readonly<Record<string, string>> }
>;

export type SagaSuspended = Recorded<'SagaSuspended', { readonly target: Target; readonly error: ErrorRecord }>;
export type OperatorIntervened = Recorded<
  'OperatorIntervened',
  {
    readonly request: string;
    readonly action: OperatorAction;
    readonly target?: Target;
    readonly by: string;
    readonly reason: string;
    readonly result?: unknown;
    /** Of `move` and `deadline`: epoch milliseconds. A deadline without one: none any more. */
    readonly dueAt?: number;
    /** Of `patch`: what is asked with from now on. */
    readonly args?: readonly unknown[];
  }
>;
/** An operator's request that was not possible when it came, and is not when it comes again. */
export type RequestRefused = Recorded<
  'RequestRefused',
  Omit<OperatorIntervened['data'], 'result' | 'dueAt' | 'args'> & {
    readonly code: ErrorCode;
    readonly details?: Readonly<Record<string, string>>;
  }
>;
export type CancelRequested = Recorded<'CancelRequested', { readonly request: string; readonly reason: string; readonly by: string }>;
/** The pivot succeeded while the cancel waited for its outcome. */
export type CancelRefused = Recorded<'CancelRefused', { readonly request: string }>;
/** `pastPivot`: nothing is undone, somebody should look. */
export type DeadlinePassed = Recorded<'DeadlinePassed', { readonly pastPivot: boolean }>;

export type SagaCompleted = Recorded<'SagaCompleted', { readonly output?: unknown }>;
/** Everything that happened is undone; `withSkips`: an operator left something standing. */
export type SagaCompensated = Recorded<'SagaCompensated', { readonly withSkips?: true }>;
/** Ended before the pivot with nothing to undo. */
export type SagaFailed = Recorded<'SagaFailed', { readonly error: ErrorRecord }>;
export type SagaCancelled = Recorded<'SagaCancelled', { readonly withSkips?: true }>;
/** Ended by an operator as it stood; nothing is undone. */
export type SagaTerminated = Recorded<'SagaTerminated', { readonly request: string; readonly by: string; readonly reason: string }>;

/** Where a step of an express saga stood at the end. */
export interface ExpressStep {
  readonly step: string;
  readonly status: StepStatus;
  readonly attempts: number;
  /** Milliseconds from its first event to its last. */
  readonly took: number;
  readonly undone?: boolean;
}

/**
 * All that is recorded of an express saga, once it has ended. Should a success of it come later, its whole history follows, from
 * SagaStarted on.
 */
export type ExpressSagaEnded = Recorded<
  'ExpressSagaEnded',
  {
    readonly sagaId: string;
    readonly saga: string;
    readonly version: number;
    readonly incarnation: string;
    /** Absent where it was too large. */
    readonly input?: unknown;
    readonly inputHash: string;
    readonly request: string;
    readonly startedAt: number;
    readonly end: 'SagaCompleted' | 'SagaCompensated' | 'SagaFailed' | 'SagaCancelled' | 'SagaTerminated';
    /** Milliseconds. */
    readonly took: number;
    readonly output?: unknown;
    readonly error?: ErrorRecord;
    /** Why it turned back. */
    readonly reason?: CompensationReason;
    readonly steps: readonly ExpressStep[];
  }
>;

export type SagaEnd = SagaCompleted | SagaCompensated | SagaFailed | SagaCancelled | SagaTerminated;

export type SagaEvent =
  | SagaStarted
  | SlotGranted
  | StepRequested
  | StepSucceeded
  | StepFailed
  | StepTimedOut
  | StepDeferred
  | HeartbeatReceived
  | WithdrawnByParent
  | ChildAskedAgain
  | StepRetryScheduled
  | StepSkipped
  | StepSealRequested
  | StepSealed
  | StepSealFailed
  | StepFailureCaught
  | ChoiceMade
  | TimerSet
  | TimerFired
  | SignalReceived
  | SignalAwaited
  | SignalDiscarded
  | MapStarted
  | MapCompleted
  | MapFailed
  | CompensationStarted
  | CompensationRequested
  | CompensationSucceeded
  | CompensationFailed
  | AttributesSet
  | SagaSuspended
  | OperatorIntervened
  | RequestRefused
  | CancelRequested
  | CancelRefused
  | DeadlinePassed
  | ExpressSagaEnded
  | SagaEnd;

export type EventType = SagaEvent['type'];
export type DataOf<Type extends EventType> = Extract<SagaEvent, { readonly type: Type }>['data'];
