import { type Ordered, placesOf } from '../step-graph/step-order.js';
import { callbackOf } from './callback.js';
import type {
  ChoiceStep,
  Command,
  CommandStep,
  Each,
  ItemCompensation,
  MapStep,
  SagaDefinition,
  SagaLimits,
  SagaView,
  SignalStep,
  StepDefinition,
  Tolerance,
} from './definition.js';
import { type Duration, milliseconds } from './duration.js';
import { DEFAULT_COMPENSATION_RETRY, DEFAULT_RETRY, type RetryPolicy } from './retry.js';
import type { LogSettings, RunSettings } from './run-settings.js';
import type { StandardSchema } from './standard-schema.js';

/** A retry policy as it is written: everything optional, durations with units. */
export interface RetryOptions {
  /** Attempts in all, 1 to 1,000, or `Infinity`. Default 3; 20 past the pivot and for compensations. */
  readonly attempts?: number;
  /** Whether waits stay the same or double. Default exponential. */
  readonly backoff?: 'fixed' | 'exponential';
  /** Wait before the second attempt. Default 100ms (200ms past the pivot and for compensations). */
  readonly delay?: Duration;
  /** Longest wait. Default 30s (2m past the pivot and for compensations). */
  readonly maxDelay?: Duration;
  /** Up to that share of the delay, 0 to 1, is taken off. Default 0.2. */
  readonly jitter?: number;
  /** Retry only these error names. Business errors are retried only when named here. `Timeout` names a timeout. Default: every technical error. */
  readonly on?: readonly string[];
  /** Never retry these error names. Default: none. */
  readonly never?: readonly string[];
}

/** How a step is treated; the same options whether a saga is decorated, built or written as data. */
export interface StepOptions {
  /** Point of no return: once it succeeded there is only forward. Default false. */
  readonly pivot?: boolean;
  /** Per attempt. Default 60s. */
  readonly timeout?: Duration;
  /**
   * Until when a command may be begun: to the saga's deadline, past the pivot without end (default), or to the end of its attempt, so that
   * what comes too late to be waited for is refused. Compensations never expire. Default deadline.
   */
  readonly expires?: 'deadline' | 'attempt';
  /**
   * Its participant may answer `later()` and hand its task token to somebody outside. `timeout`: from then on, at most; `heartbeat`: and not
   * longer without one. Past either the outcome is unknown, and the step is not tried again by itself. Default: it must answer at once.
   */
  readonly callback?: { readonly timeout: Duration; readonly heartbeat?: Duration };
  /** When an attempt that failed is tried again. Default: as the fields of `retry` say. */
  readonly retry?: RetryOptions;
  /**
   * When its outcome is still unknown after its retries. `compensate`: the saga turns back, and undoes it as if it had happened. `probe`: the
   * participant is asked first, by its fence or by its probe, and where it has happened the saga goes on. Default: compensate.
   */
  readonly onUnknown?: 'probe' | 'compensate';
  /** Per attempt of the compensation. Default: as `timeout`. */
  readonly compensationTimeout?: Duration;
  /** The same of its compensation. Default: as the fields of `retry` say. */
  readonly compensationRetry?: RetryOptions;
}

/** What becomes of a step's failure once its retries are through; the same options however a saga is written. */
export interface CatchOptions {
  /** Errors by which the step that this one stands in for must have failed; `Timeout` names a timeout. Default: any. */
  readonly on?: readonly string[];
  /** Its failure, with one of these errors or with any (`true`), is recorded, and the saga goes on without its result. Default false. */
  readonly optional?: boolean | readonly string[];
}

/** Where a step stands, whatever it does. */
interface StepPlace extends CatchOptions {
  readonly id: string;
  /** It is an alternative: it runs only where this step has failed. What comes after that step comes after this one too. */
  readonly instead?: string;
  /** The branch of a choice that it belongs to, `choice.branch`: where another is taken it is skipped. Default: that of the step it stands in for. */
  readonly branch?: string;
  /** Default: the step before it in the list, whose alternatives are passed over; `[]`: at once. An alternative comes after its step anyway. */
  readonly after?: string | readonly string[];
  readonly when?: (input: any, view: SagaView) => boolean;
}

/** A step that asks a participant. */
export interface StepData extends StepPlace, StepOptions {
  readonly kind?: 'command';
  readonly run: (input: any, view: SagaView) => Command;
  /** Default: its participant pairs the action with its compensation. */
  readonly compensation?: { readonly name: string; readonly run: (input: any, view: SagaView) => Command };
}

/** A step that waits. */
export interface TimerData extends StepPlace {
  readonly kind: 'timer';
  /** How long from when its turn comes; or a method that says how long, or until when. A time in the past is not waited for. */
  readonly time: Duration | ((input: any, view: SagaView) => Duration | Date);
}

/** How a step waits for a signal; the same options however a saga is written. */
export interface SignalOptions {
  /** Name of the signal. Default: the step's id. */
  readonly signal?: string;
  /** Checks the payload where it is sent, and again when it is taken. One that is async is only asked where it is sent, and must not convert. */
  readonly schema?: StandardSchema;
  /** From when the step begins to wait. Default: none. */
  readonly timeout?: Duration;
  /** When nothing comes in time: the step fails with the name `Timeout`, or is skipped. Default fail. */
  readonly onTimeout?: 'fail' | 'skip';
}

/** A step that waits for a signal. */
export interface SignalData extends StepPlace, SignalOptions {
  readonly kind: 'signal';
  /** Takes the payload, and gives the step's result. Default: the payload. `SagaAborted` fails the step. */
  readonly receive?: (payload: any, view: SagaView) => unknown;
}

/** A step that decides which of its branches is taken; steps belong to one by `branch: 'choice.name'`. */
export interface ChoiceData extends StepPlace {
  readonly kind: 'choice';
  /** Guards by branch. All are asked, and one at most may say yes. */
  readonly branches: Readonly<Record<string, (input: any, view: SagaView) => boolean>>;
  /** Branch that is taken where none does. Without it the saga is suspended then. */
  readonly otherwise?: string;
}

/** How a step asks for many items; the same options however a saga is written. */
export interface MapOptions extends Omit<StepOptions, 'pivot'> {
  /** Items at work at once, 1 to 100. Default 20. */
  readonly concurrency?: number;
  /** Items that may fail without the step failing: so many, or that share of all, from 0 to 1. Default: none. */
  readonly tolerate?: Tolerance;
}

/** A step that asks for each of many items; they are known when its turn comes. */
export interface MapData extends StepPlace, MapOptions {
  readonly kind: 'map';
  readonly each: (input: any, view: SagaView) => Each;
  /** Of one item. Default: its participant pairs the action with its compensation. */
  readonly compensation?: ItemCompensation;
}

/** Any step of a saga. */
export type StepEntry = StepData | TimerData | SignalData | ChoiceData | MapData;

/** How a saga is recorded and logged; the same options however it is written. */
export interface RunOptions {
  /**
   * standard: every outcome is recorded before anything depends on it. express: the saga runs in memory, and at most its end is recorded; see
   * docs/how-to/express-sagas.md for what that does and does not promise. Default standard.
   */
  readonly mode?: 'standard' | 'express';
  /** What is recorded of an express saga that has ended: one event, or nothing. Default `event`. */
  readonly summary?: 'event' | 'none';
  /** What the logger is told of it. Default: level `warn`, without inputs, arguments, results and outputs. */
  readonly log?: Partial<LogSettings>;
}

export interface SagaData<I = any, O = any> extends RunOptions {
  readonly name: string;
  readonly version: number;
  readonly deadline?: Duration;
  readonly limits?: SagaLimits;
  readonly input?: StandardSchema<unknown, I>;
  readonly output?: StandardSchema<unknown, O>;
  readonly steps: readonly StepEntry[];
  readonly attributes?: SagaDefinition<I, O>['attributes'];
  readonly result?: (input: I, view: SagaView) => O;
}

const DEFAULT_TIMEOUT = 60_000;
const DEFAULT_CONCURRENCY = 20;
type Place = Pick<CommandStep, 'id' | 'after' | 'when' | 'instead' | 'on' | 'optional' | 'branch'>;

/** A saga definition with every default filled in. It may still be wrong: `lint` says where. Throws `invalid-duration` only. */
export function sagaDefinition<I, O>(data: SagaData<I, O>): SagaDefinition<I, O> {
  const { name, version, deadline, limits, input, output, attributes, result } = data;
  const places = placesOf(data.steps);
  const dependencies = places.map(({ after }) => after);
  const pastPivot = stepsPastPivot(data.steps, dependencies);
  const steps = data.steps.map((step, at) => stepDefinition(step, places[at] ?? { after: [] }, pastPivot.has(step.id), name));
  return {
    name,
    version,
    ...(deadline !== undefined && { deadline: milliseconds(deadline, `${name}.deadline`) }),
    ...(limits?.running !== undefined && { limits: { running: limits.running } }),
    ...(input && { input }),
    ...(output && { output }),
    ...runSettings(data),
    steps,
    ...(attributes && { attributes }),
    ...(result && { result }),
  };
}

function runSettings({ mode, summary = 'event', log }: RunOptions): RunSettings {
  return {
    ...(mode === 'express' && { express: { summary } }),
    ...(log && { log: { level: log.level ?? 'warn', data: log.data ?? false } }),
  };
}

/** Steps that can only run once a pivot has succeeded. */
function stepsPastPivot(steps: readonly StepEntry[], dependencies: readonly (readonly string[])[]): ReadonlySet<string> {
  const past = new Set<string>();
  const pivots = new Set(steps.filter((step) => 'pivot' in step && step.pivot).map((step) => step.id));
  for (let grown = true; grown; ) {
    grown = false;
    for (const [at, step] of steps.entries()) {
      // An alternative of a pivot runs where that has not succeeded.
      const isPast = (id: string): boolean => past.has(id) || (pivots.has(id) && id !== step.instead);
      if (past.has(step.id) || !dependencies[at]?.some(isPast)) continue;
      past.add(step.id);
      grown = true;
    }
  }
  return past;
}

function stepDefinition(step: StepEntry, { after, branch }: Ordered, pastPivot: boolean, saga: string): StepDefinition {
  const { id, when, instead, on, optional } = step;
  const field = `${saga}.${id}`;
  const caught = { ...(instead !== undefined && { instead }), ...(on && { on }), ...(optional && { optional }) };
  const place = { id, after, ...(when && { when }), ...caught, ...(branch !== undefined && { branch }) };
  if (step.kind === 'choice') return choiceStep(step, place);
  if (step.kind === 'signal') return signalStep(step, place, field);
  if (step.kind === 'map') return mapStep(step, place, pastPivot, field);
  if (step.kind !== 'timer') return commandStep(step, place, pastPivot, field);
  const { time } = step;
  return { ...place, kind: 'timer', time: typeof time === 'function' ? time : milliseconds(time, `${field}.time`) };
}

function choiceStep({ branches, otherwise }: ChoiceData, place: Place): ChoiceStep {
  return { ...place, kind: 'choice', branches, ...(otherwise !== undefined && { otherwise }) };
}

function signalStep({ signal, schema, timeout, onTimeout = 'fail', receive }: SignalData, place: Place, field: string): SignalStep {
  return {
    ...place,
    kind: 'signal',
    signal: signal ?? place.id,
    receive: receive ?? ((payload) => payload),
    ...(schema && { schema }),
    ...(timeout !== undefined && { timeout: milliseconds(timeout, `${field}.timeout`) }),
    onTimeout,
  };
}

function mapStep(step: MapData, place: Place, pastPivot: boolean, field: string): MapStep {
  const { each, compensation, concurrency = DEFAULT_CONCURRENCY, tolerate = { failures: 0 } } = step;
  return {
    ...place,
    kind: 'map',
    each,
    ...(compensation && { compensation }),
    concurrency,
    tolerate,
    ...('pivot' in step && step.pivot ? { pivot: true } : {}),
    ...treatment(step, pastPivot, field),
  };
}

function commandStep(step: StepData, place: Place, pastPivot: boolean, field: string): CommandStep {
  const { run, compensation, pivot = false } = step;
  return { ...place, kind: 'command', run, ...(compensation && { compensation }), pivot, ...treatment(step, pastPivot, field) };
}

/** How commands of a step are treated. */
function treatment(step: StepOptions, pastPivot: boolean, field: string) {
  const timeout = step.timeout === undefined ? DEFAULT_TIMEOUT : milliseconds(step.timeout, `${field}.timeout`);
  return {
    timeout,
    ...(step.expires === 'attempt' && { expires: step.expires }),
    ...(step.callback && { callback: callbackOf(step.callback, `${field}.callback`) }),
    retry: retryPolicy(step.retry, pastPivot ? DEFAULT_COMPENSATION_RETRY : DEFAULT_RETRY, `${field}.retry`),
    ...(step.onUnknown === 'probe' && { onUnknown: step.onUnknown }),
    compensationTimeout:
      step.compensationTimeout === undefined ? timeout : milliseconds(step.compensationTimeout, `${field}.compensationTimeout`),
    compensationRetry: retryPolicy(step.compensationRetry, DEFAULT_COMPENSATION_RETRY, `${field}.compensationRetry`),
  };
}

function retryPolicy(options: RetryOptions | undefined, defaults: RetryPolicy, field: string): RetryPolicy {
  if (!options) return defaults;
  const { attempts, backoff, delay, maxDelay, jitter, on, never } = options;
  return {
    attempts: attempts === undefined ? defaults.attempts : attempts === Number.POSITIVE_INFINITY ? 0 : attempts === 0 ? -1 : attempts,
    backoff: backoff ?? defaults.backoff,
    delay: delay === undefined ? defaults.delay : milliseconds(delay, `${field}.delay`),
    maxDelay: maxDelay === undefined ? defaults.maxDelay : milliseconds(maxDelay, `${field}.maxDelay`),
    jitter: jitter ?? defaults.jitter,
    ...(on && { on }),
    ...(never && { never }),
  };
}
