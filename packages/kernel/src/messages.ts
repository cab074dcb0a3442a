import type { ErrorCode, ErrorRecord } from './errors/errors.js';
import type { Target } from './history/events.js';
import type { SagaStatus } from './state/saga-status.js';
import type { TraceContext } from './trace.js';

/** Everything that reaches a saga through its inbox. `at` is the owner's clock when it took the message, in epoch milliseconds. */
export type Message = Start | Asked | ReplyMessage | Wake | Signal | Task | Cancel | Operator | Fault | Slot;

export interface Start {
  readonly type: 'start';
  readonly at: number;
  /** Id of the request: a repeat gets the same answer. */
  readonly request: string;
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly incarnation: string;
  readonly input: unknown;
  readonly inputHash: string;
  /** Milliseconds from now. */
  readonly deadline?: number;
  readonly again?: StartedAgain;
  /** Of whoever starts it: goes with every command of the saga. */
  readonly trace?: TraceContext;
  /** Only so many of its name may run at the same time: it waits for a slot. */
  readonly limited?: true;
}

/** It takes the place of another saga, which had ended. */
export interface StartedAgain {
  /** Id of that one. */
  readonly of: string;
  readonly by: string;
  readonly reason: string;
}

/** The round of a step that started a saga. */
export interface SagaParent {
  readonly sagaId: string;
  readonly incarnation: string;
  readonly step: string;
  readonly round: number;
  /** The child is nobody's any more once it has begun. */
  readonly detached?: true;
}

/** What a saga is asked by a step that starts it: as a participant would be, its stream being the fence. */
export interface Asked {
  readonly type: 'asked';
  readonly at: number;
  readonly operation: Operation;
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  /** Of the child, where this begins it. */
  readonly incarnation: string;
  readonly input: unknown;
  readonly inputHash: string;
  /** Milliseconds from now. */
  readonly deadline?: number;
  /** That of its parent, epoch milliseconds: the child's is no later. */
  readonly deadlineAt?: number;
  /** That of its parent. */
  readonly trace?: TraceContext;
  /** Only so many of its name may run at the same time. Nothing that the parent knows: its own owner says so. */
  readonly limited?: true;
  readonly by: SagaParent & { readonly attempt: number; readonly undoRound: number };
}

/** A participant's answer, with what it needs to be matched: saga, step, round, attempt, operation, purpose. */
export interface ReplyMessage extends Reply {
  readonly type: 'reply';
  readonly at: number;
}

/** Something in this saga may be due. Fired twice, early or late it changes nothing: the decision looks at what is due at `at`. */
export interface Wake {
  readonly type: 'wake';
  readonly at: number;
}

/** What somebody outside tells a saga. It may come before any step waits for it. */
export interface Signal {
  readonly type: 'signal';
  readonly at: number;
  /** Id of the signal: a repeat (same name and id) gets the same answer and tells nothing new. */
  readonly request: string;
  readonly name: string;
  /** JSON. */
  readonly payload?: unknown;
  readonly by?: string;
}

/** To a saga: it has a slot. */
export interface Slot {
  readonly type: 'slot';
  readonly at: number;
  /** When the saga was started that has it, epoch milliseconds: another life of its id has not. Absent: nobody knows. */
  readonly since?: number;
}

/**
 * To the limiter of a saga's name. ask: `saga`, started at `since`, waits for a slot · return: that saga has ended · set: `running` at the same
 * time, without it as many as there are.
 */
export interface LimitInput {
  readonly type: 'limit';
  readonly at: number;
  readonly do: 'ask' | 'return' | 'set';
  /** Id of the saga. */
  readonly saga?: string;
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly running?: number;
}

/** The round of a step that a task token stands for. */
export interface TaskClaim {
  readonly sagaId: string;
  readonly incarnation: string;
  readonly step: string;
  readonly round: number;
}

/** What somebody outside says of a step by its task token, which has been verified. */
export interface Task extends Omit<TaskClaim, 'sagaId'> {
  readonly type: 'task';
  readonly at: number;
  readonly request: string;
  readonly action: TaskAction;
  /** Of `complete`; JSON. */
  readonly result?: unknown;
  /** Of `fail`. */
  readonly error?: ErrorRecord;
}

/** complete: it happened · fail: it did not, and never will · heartbeat: it is being worked on. */
export type TaskAction = 'complete' | 'fail' | 'heartbeat';

export interface Cancel {
  readonly type: 'cancel';
  readonly at: number;
  readonly request: string;
  readonly reason: string;
  readonly by: string;
}

/**
 * retry: ask again (a failed step in a new round) · patch: ask again with other arguments, under a new key · skip: go on as if it were settled · succeed: it happened, with this result ·
 * fail: it did not happen · move: a step that waits, until another time · deadline: the saga's, to another time or none · suspend, resume: no new requests meanwhile · terminate: end as
 * it stands.
 */
export type OperatorAction = 'retry' | 'patch' | 'skip' | 'succeed' | 'fail' | 'move' | 'deadline' | 'suspend' | 'resume' | 'terminate';

export interface Operator {
  readonly type: 'operator';
  readonly at: number;
  readonly request: string;
  readonly action: OperatorAction;
  readonly target?: Target;
  /** Revision at which the target was parked, or began to wait, as the operator saw it; refused when that is no longer so. */
  readonly seen?: number;
  readonly by: string;
  readonly reason: string;
  readonly result?: unknown;
  /** Of `move` and `deadline`: epoch milliseconds. A time in the past: now. A deadline without one: none any more. */
  readonly dueAt?: number;
  /** Of `patch`: all arguments of the command, JSON. */
  readonly args?: readonly unknown[];
}

/** The engine could not record a decision of this saga (too large, say): it is suspended with the reason instead. */
export interface Fault {
  readonly type: 'fault';
  readonly at: number;
  readonly error: ErrorRecord;
}

/** What a participant is asked to do under an idempotency key: run the action, undo it, or see that it never runs. */
export type Operation = 'action' | 'compensation' | 'seal';

/** A command as it goes to a participant. */
export interface CommandMessage {
  readonly sagaId: string;
  readonly incarnation: string;
  readonly step: string;
  readonly round: number;
  readonly attempt: number;
  readonly operation: Operation;
  /** An action that serves as a saga's own compensation says so: its failures are never final. */
  readonly purpose: 'step' | 'compensation';
  /** Idempotency key: the same for all attempts of a round. */
  readonly key: string;
  /** Counts the compensations under one key. */
  readonly undoRound: number;
  readonly participant: string;
  readonly action: string;
  readonly args: readonly unknown[];
  /** For a compensation: the action's result, where it is known. */
  readonly result?: unknown;
  /** When this key was first requested, in epoch milliseconds: a fence that may have forgotten it says so. */
  readonly firstRequestedAt: number;
  /** When this attempt counts as timed out. */
  readonly dueAt: number;
  /** An action that was not begun by then, by the participant's clock, is refused, and its key sealed. Never on a compensation. */
  readonly validUntil?: number;
  /** Client that the reply goes to; absent: to the saga's inbox. */
  readonly replyTo?: string;
  readonly trace?: TraceContext;
  /** Only on an action that may be answered later: whoever holds it may say how it ended, once. */
  readonly taskToken?: string;
}

export interface Reply {
  readonly sagaId: string;
  readonly incarnation: string;
  readonly step: string;
  readonly round: number;
  readonly attempt: number;
  readonly operation: Operation;
  readonly purpose: 'step' | 'compensation';
  readonly undoRound: number;
  readonly outcome: Outcome;
  readonly trace?: TraceContext;
}

export type Outcome =
  /** The action happened (answer to `action` and `seal`). `afterUndo`: it ended after that round of its compensation, whose work it spoiled. */
  | { readonly type: 'succeeded'; readonly result?: unknown; readonly compensable?: false; readonly afterUndo?: number }
  /** The action was begun, and somebody else will say how it ended, by the task token. Recorded like an outcome: a repeat says the same. */
  | { readonly type: 'deferred' }
  /** `business` is final for its key; `technical` may be tried again. */
  | {
      readonly type: 'failed';
      readonly kind: 'business' | 'technical';
      readonly error: ErrorRecord;
      readonly effect: 'none' | 'unknown';
    }
  /** Answer to `compensation`. `executed: false`: there was nothing to undo. */
  | { readonly type: 'undone'; readonly executed: boolean }
  /** Answer to `seal`: never ran and never will; `doubt`: an interrupted run may have had effect. */
  | { readonly type: 'sealed'; readonly doubt?: true }
  /** The action was not run and never will be: undone or sealed before, or past its time (`expired`: its `validUntil`; the key is sealed by that). */
  | { readonly type: 'refused'; readonly reason: 'undone' | 'sealed' | 'expired' }
  /** The fence no longer remembers keys this old: nothing was executed, nothing is known. */
  | { readonly type: 'unknowable' };

/** Answer to a start, a signal, a task, a cancel or an operator's action. */
export type Answer =
  | {
      readonly accepted: true;
      readonly revision: number;
      readonly existing?: true;
      readonly pending?: true;
      /** Of an express saga: it has ended, so. */
      readonly ending?: Ending;
    }
  | { readonly accepted: false; readonly code: ErrorCode; readonly details?: Readonly<Record<string, string>> };

/** How a saga ended, for whoever asked for it. */
export interface Ending {
  readonly status: SagaStatus;
  readonly output?: unknown;
  /** Why it did not complete. */
  readonly reason?: string;
}

export type RefusalCode =
  | 'saga-exists'
  | 'saga-not-found'
  | 'saga-ended'
  | 'past-pivot'
  | 'too-many-signals'
  | 'already-compensating'
  | 'task-over'
  | 'not-parked'
  | 'target-moved'
  | 'action-not-possible';
