import type { AttributeValue } from '../deciding/attributes.js';
import type { ErrorRecord } from '../errors/errors.js';
import type { ChildCall } from '../state/child-call.js';
import type { Duration } from './duration.js';
import type { RetryPolicy } from './retry.js';
import type { RunSettings } from './run-settings.js';
import type { StandardSchema } from './standard-schema.js';

/** What a step asks of a participant. Built by a participant's proxy; `args` are JSON. */
export interface Command<R = unknown> {
  readonly participant: string;
  readonly action: string;
  readonly args: readonly unknown[];
  /** Present where it starts a saga. */
  readonly child?: ChildCall;
  /** Phantom: the type of the result. Never present at run time. */
  readonly resultType?: R;
}

/** What a saga's own methods may look at. Everything in it comes from the history, so that they can be called again at any time. */
export interface SagaView {
  /** Results by step id; absent where the step has none (not run, skipped, or its outcome is unknown). Frozen. */
  readonly results: Readonly<Record<string, any>>;
  readonly saga: { readonly id: string; readonly name: string; readonly version: number; readonly startedAt: number };
  /** Time of the decision in epoch milliseconds: the only clock a saga method may read. */
  readonly now: number;
  /** In a compensation: why the saga, or this step, is being undone. In an alternative: how the step failed that it stands in for. */
  readonly reason?: ErrorRecord;
}

/** How a step is undone. Without one, its participant pairs the action with its own compensation. */
export interface SagaCompensation {
  /** Name of the saga's method, for people. */
  readonly name: string;
  readonly run: (input: any, view: SagaView) => Command;
}

interface AnyStep {
  readonly id: string;
  /** Steps that must be settled before this one. Empty: at once. */
  readonly after: readonly string[];
  /** Guard: false skips the step, which is recorded. */
  readonly when?: (input: any, view: SagaView) => boolean;
  /** It is an alternative: it runs only where this step has failed, and its guard has nothing against it. */
  readonly instead?: string;
  /** Errors by which that step must have failed. Absent: any. */
  readonly on?: readonly string[];
  /** Its failure, with one of these errors or any, is recorded, and the saga goes on without its result. */
  readonly optional?: true | readonly string[];
  /** The branch that it belongs to, `choice.branch`: where another is taken it is skipped. */
  readonly branch?: string;
}

/** Asks a participant for something. */
export interface CommandStep extends AnyStep {
  readonly kind: 'command';
  readonly run: (input: any, view: SagaView) => Command;
  readonly compensation?: SagaCompensation;
  /** Point of no return: once it succeeded there is only forward. */
  readonly pivot: boolean;
  /** Per attempt, in milliseconds. */
  readonly timeout: number;
  /** A command that comes to its participant after its attempt has timed out is refused, and not only after the saga's deadline. */
  readonly expires?: 'attempt';
  /** Its participant may answer later, by a task token: milliseconds from when it says so, and between two heartbeats. */
  readonly callback?: { readonly timeout: number; readonly heartbeat?: number };
  readonly retry: RetryPolicy;
  /** Its unknown outcome is found out before the saga turns back for it; absent: it is compensated as if it had happened. */
  readonly onUnknown?: 'probe';
  readonly compensationTimeout: number;
  readonly compensationRetry: RetryPolicy;
}

/** Waits. It asks nobody, so it is never compensated; when the saga turns back the waiting ends at once. */
export interface TimerStep extends AnyStep {
  readonly kind: 'timer';
  /** Milliseconds from when it begins to wait, or a method that says how long (a duration) or until when (a date). A time in the past: not at all. */
  readonly time: number | ((input: any, view: SagaView) => Duration | Date);
}

/** Waits for a signal: what somebody outside says. It asks nobody, so it is never compensated. */
export interface SignalStep extends AnyStep {
  readonly kind: 'signal';
  /** Name of the signal that it takes; several steps of a saga may take signals of one name, one each. */
  readonly signal: string;
  /** Takes the payload; what it answers is the step's result. `SagaAborted` fails the step. */
  readonly receive: (payload: any, view: SagaView) => unknown;
  /** Checks the payload where it is sent, and when it is taken unless it is async. */
  readonly schema?: StandardSchema;
  /** Milliseconds from when it begins to wait. */
  readonly timeout?: number;
  readonly onTimeout: 'fail' | 'skip';
}

/** Decides which of its branches is taken. It asks nobody, so it is never compensated; its result is the name of the branch. */
export interface ChoiceStep extends AnyStep {
  readonly kind: 'choice';
  /** Guards by branch. All are asked, and they must exclude one another. */
  readonly branches: Readonly<Record<string, (input: any, view: SagaView) => boolean>>;
  /** Branch that is taken where no guard says yes. Without it the saga is suspended then. */
  readonly otherwise?: string;
}

/** The items of a map, and what is asked for each of them. */
export interface Each<T = any, R = unknown> {
  readonly items: readonly T[];
  /** Called when the turn of the item comes; `index` counts from 0. */
  readonly run: (item: T, index: number) => Command<R>;
}

/** How one item of a map is undone by the saga itself; `result` is absent where the item's outcome is unknown. */
export interface ItemCompensation {
  /** Name of the saga's method, for people. */
  readonly name: string;
  readonly run: (item: any, result: any, view: SagaView, index: number, input: any) => Command;
}

/** Asks for each of its items, so many at a time. Its result is a list with one place for each item, in their order. */
export interface MapStep
  extends AnyStep,
    Pick<CommandStep, 'timeout' | 'expires' | 'callback' | 'retry' | 'onUnknown' | 'compensationTimeout' | 'compensationRetry'> {
  readonly kind: 'map';
  /**
   * What the items are. Called when the step's turn has come, and again where the saga is read anew: it must answer the same, from the input and
   * the results of the steps before it.
   */
  readonly each: (input: any, view: SagaView) => Each;
  readonly compensation?: ItemCompensation;
  /** Items at work at once. */
  readonly concurrency: number;
  /** Items that may fail without the step failing: so many, or that share of all, from 0 to 1. */
  readonly tolerate: Tolerance;
  /** Refused by the linter. */
  readonly pivot?: true;
}

export type Tolerance = { readonly failures: number } | { readonly share: number };

export type StepDefinition = CommandStep | TimerStep | SignalStep | ChoiceStep | MapStep;

export interface SagaLimits {
  /** Instances that may run at the same time, of all versions, 1 to 10,000; the others wait. Counted from the first step to the end, suspended or not. */
  readonly running?: number;
}

/** A saga as data: what decorators, the builder and hand-written literals all come to. Made by `sagaDefinition`. */
export interface SagaDefinition<I = any, O = any> extends RunSettings {
  readonly name: string;
  /** Whole number from 1. Instances finish on the version they started with. */
  readonly version: number;
  /** From start to end, in milliseconds; at the deadline a saga before its pivot is compensated. */
  readonly deadline?: number;
  readonly limits?: SagaLimits;
  readonly input?: StandardSchema<unknown, I>;
  readonly output?: StandardSchema<unknown, O>;
  readonly steps: readonly StepDefinition[];
  /** What instances can be found by: up to 20, computed whenever the saga advances, recorded when they change. Undefined: not there. */
  readonly attributes?: Readonly<Record<string, (input: I, view: SagaView) => AttributeValue | undefined>>;
  /** The saga's output; without it the results by step id. */
  readonly result?: (input: I, view: SagaView) => O;
}
