/**
 * What the compiler holds of sagas and participants. Shapes, names and visibility can be checked; that a member is decorated cannot be seen
 * by the compiler, so what depends on it is found when a definition is made. `any` stands here in constraints only.
 */
import type {
  AttributeValue,
  CatchOptions,
  Command,
  Duration,
  Each,
  ErrorRecord,
  Later,
  RunOptions,
  SagaDefinition,
  SagaView,
  Settled,
  SignalOptions,
  StandardSchema,
  StepOptions,
} from '@skald/kernel';

export type Method = (...args: any[]) => any;
export type Class<T> = new (...args: any[]) => T;
/** `any` where nothing was said. */
export type Said<T> = unknown extends T ? any : T;
export type Names<A> = Extract<A extends readonly (infer Name)[] ? Name : A, string>;
/** Members that are never actions; see action-names.ts. */
type Hidden = `_${string}` | `$${string}` | keyof typeof Object.prototype;
type Reserved = 'then' | 'toJSON' | 'asymmetricMatch';
type FirstInput<F> = F extends (input: infer I, ...rest: any[]) => any ? I : never;
/** Result of a step or of an action. */
export type ResultOf<F> = F extends (...args: any[]) => infer R
  ? R extends Command<infer Result>
    ? Result
    : R extends Each<any, infer Item>
      ? readonly (Item | undefined)[]
      : Settled<Awaited<R>>
  : never;
/** What a saga's own methods may look at besides the input. All of it comes from the history. */
export interface Context<Results> {
  /** Results by step; absent where a step has none (not run, skipped, or its outcome is unknown). Frozen. */
  readonly results: Results;
  readonly saga: SagaView['saga'];
  /** Time of the decision in epoch milliseconds: the only clock a saga method may read. */
  readonly now: number;
  /** In a compensation: why the saga, or this step, is being undone. In an alternative: how the step failed that it stands in for. */
  readonly reason?: ErrorRecord;
}

/**
 * The context of saga class `S`. Steps named in `Done` have a result for certain: `SagaContext<OrderSaga, 'charge'>` in a step with
 * `after: 'charge'`; the decorator checks the claim.
 */
export interface SagaContext<S, Done extends keyof S = never> extends Context<ResultsOf<S, Done>> {}

// An `as` clause in this mapped type would silently make it `{}` for classes whose methods' return types are inferred.
type ResultsOf<S, Done> = { readonly [K in keyof S]: ResultOf<S[K]> | (K extends Done ? never : undefined) };

// ─── @SagaStep ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Options of `@SagaStep`. A saga's step takes all but the schemas; a participant's action takes `compensation`, `input` and `output`. */
export interface SagaStepOptions<C = string, A = string | readonly string[], W = any, V = any, I = any, O = any, B = string, Q = string>
  extends StepOptions,
    CatchOptions {
  /** The step's id in histories. Default: the method's name. Give the old name when a method is renamed. */
  readonly id?: string;
  /** Public method that undoes this one. A saga's: `(input, context) => Command`; a participant's: `async (input, result?)`. Default: a participant pairs the action with its own, or there is nothing to undo. */
  readonly compensation?: C;
  /** Methods of the steps that must be settled before this one. Default: the step declared before; `[]`: at once. */
  readonly after?: A;
  /** Method of the step in whose place this one runs where that has failed; its result is absent then. What comes after that comes after this too. Default: none, it runs when its turn comes. */
  readonly instead?: B;
  /** The branch of a choice that it belongs to, `method.branch`: where another is taken it is skipped. Default: none, or that of the step it stands in for. */
  readonly branch?: Q;
  /** Guard: false skips the step, which is recorded; of an alternative: passes it over. Annotate its parameters: `(order: Order) => …`. Default: always. */
  readonly when?: (input: W, context: V) => boolean;
  /** Checks an action's first argument before it runs. Default: not checked. */
  readonly input?: StandardSchema<unknown, I>;
  /** Checks an action's result before it is recorded. Default: not checked. */
  readonly output?: StandardSchema<unknown, O>;
}

type Undo<T, F> = F extends (...args: any[]) => Command<any>
  ? (input: FirstInput<F>, context: SagaContext<T>) => Command<unknown>
  : F extends (input: any) => Promise<any>
    ? (input: FirstInput<F>, result: ResultOf<F> | undefined) => Promise<unknown>
    : 'an action with a compensation is async and takes one argument, which its compensation gets too';

type StepMethod<T, F, A extends keyof T, W, V, I, O> = F extends (...args: any[]) => Command<any>
  ? SagaContext<T, A> extends Said<V>
    ? (input: Said<W>, context: SagaContext<T, A>) => Command<unknown>
    : "the second parameter of `when` is this saga's SagaContext"
  : (input: Said<I>, ...rest: any[]) => Promise<O | Later<O>>;

/** Errors are named by an alternative only. */
export type Alternative<B> = [B] extends [never] ? { readonly on?: never } : unknown;

/** The methods that a step's options name. A choice whose method says which branches it has (`route(branch: 'air' | 'sea')`) is held to them. */
export type Named<A, B extends string, Q> = { [N in Names<A> | B]: Method } & {
  [C in Q as C extends `${infer Choice}.${string}` ? Choice : never]: C extends `${string}.${infer Name}`
    ? (branch: Name) => unknown
    : never;
};
export type Branch = `${string}.${string}`;

/** On a saga's method: a step. On a participant's method: an action with its compensation, or with schemas. */
export type SagaStepDecorator = <
  const C extends string = never,
  const A extends string | readonly string[] = never,
  W = unknown,
  V = Context<Readonly<Record<string, unknown>>>,
  I = unknown,
  O = unknown,
  const B extends string = never,
  const Q extends Branch = never,
>(
  options?: SagaStepOptions<C, A, W, V, I, O, B, Q> & Alternative<B>,
) => <T extends { [N in C]: Undo<T, T[K]> } & Named<A, B, Q>, K extends keyof T>(
  target: T,
  key: K,
  descriptor: TypedPropertyDescriptor<T[K] & StepMethod<T, T[K], Names<A> & keyof T, W, V, I, O>>,
) => void;

// ─── @SagaTimer ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Where a step stands that asks nobody. */
export interface WaitOptions<A = string | readonly string[], W = any, V = any, B = string, Q = string> extends Pick<CatchOptions, 'on'> {
  /** The step's id in histories. Default: the method's name. */
  readonly id?: string;
  /** Methods of the steps that must be settled before this one. Default: the step declared before; `[]`: at once. */
  readonly after?: A;
  /** Method of the step in whose place this one runs where that has failed. Default: none, it waits when its turn comes. */
  readonly instead?: B;
  /** The branch of a choice that it belongs to, `method.branch`: where another is taken it is skipped. Default: none, or that of the step it stands in for. */
  readonly branch?: Q;
  /** Guard: false skips the step, which is recorded; of an alternative: passes it over. Annotate its parameters. Default: always. */
  readonly when?: (input: W, context: V) => boolean;
}

export interface SagaTimerOptions<D = Duration, A = string | readonly string[], W = any, V = any, B = string, Q = string>
  extends WaitOptions<A, W, V, B, Q> {
  /** How long, from when the step's turn comes. Without it the method says: milliseconds, or a date. Default: as the method says. */
  readonly for?: D;
}

/** On a saga's method: a step that waits. `{ for: '3d' }` on an empty method, or a method that answers a date or milliseconds. */
export type SagaTimerDecorator = <
  const D extends Duration = never,
  const A extends string | readonly string[] = never,
  W = unknown,
  V = Context<Readonly<Record<string, unknown>>>,
  const B extends string = never,
  const Q extends Branch = never,
>(
  options?: SagaTimerOptions<D, A, W, V, B, Q> & Alternative<B>,
) => <T extends Named<A, B, Q>, K extends keyof T>(
  target: T,
  key: K,
  descriptor: TypedPropertyDescriptor<
    T[K] & ((input: Said<W>, context: SagaContext<T, Names<A> & keyof T>) => [D] extends [never] ? Date | number : void)
  >,
) => void;

// ─── @SagaSignal ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SagaSignalOptions<P = any, A = string | readonly string[], W = any, V = any, B = string, Q = string>
  extends WaitOptions<A, W, V, B, Q>,
    Pick<CatchOptions, 'optional'>,
    Omit<SignalOptions, 'schema'> {
  /** Checks the payload where it is sent, and again when it is taken. Default: not checked. */
  readonly schema?: StandardSchema<unknown, P>;
}

type SignalMethod<T, F, A extends keyof T, P> = F extends (...args: any[]) => infer R
  ? R extends Promise<any> | Command<any>
    ? 'a signal is taken at once: its method is not async and asks nobody'
    : (payload: Said<P>, context: SagaContext<T, A>) => unknown
  : never;

/** On a saga's method: a step that waits for a signal. The method takes the payload and answers the step's result, or throws `SagaAborted`. */
export type SagaSignalDecorator = <
  P = unknown,
  const A extends string | readonly string[] = never,
  W = unknown,
  V = Context<Readonly<Record<string, unknown>>>,
  const B extends string = never,
  const Q extends Branch = never,
>(
  options?: SagaSignalOptions<P, A, W, V, B, Q> & Alternative<B>,
) => <T extends Named<A, B, Q>, K extends keyof T>(
  target: T,
  key: K,
  descriptor: TypedPropertyDescriptor<T[K] & SignalMethod<T, T[K], Names<A> & keyof T, P>>,
) => void;

// ─── @Saga, @Participant ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface SagaOptions<I = any, O = any, V = any> extends RunOptions {
  /** Stored with every instance: write it once and keep it. */
  readonly name: string;
  /** Whole number from 1. Instances finish on the version they started with. */
  readonly version: number;
  /** From start to end; at the deadline a saga before its pivot is compensated. Default: none. */
  readonly deadline?: Duration;
  /** So many instances may run at the same time, 1 to 10,000; others wait. May change under a version. Default: as many as there are. */
  readonly limits?: { readonly running?: number };
  /** Checks, and may convert, what a saga is started with. Default: anything is taken. */
  readonly input?: StandardSchema<unknown, I>;
  /** What the saga answers, for the compiler: it is not checked when it runs. Default: what `result` returns. */
  readonly output?: StandardSchema<unknown, O>;
  /**
   * What instances can be found by, up to 20: `{ customer: (order: Order) => order.customer }`. Computed from input and results whenever the saga
   * advances, recorded when it changes; undefined: not there. They are stored in the clear. Code that throws stops nothing: the attribute stays
   * as it was, and the history says why. Default: none.
   */
  readonly attributes?: Readonly<Record<string, (input: I, context: V) => AttributeValue | undefined>>;
}

type SagaMember<S, F, I> = F extends (...args: any[]) => infer R
  ? R extends Command<any> | Each
    ? FirstInput<F> extends AnyItem
      ? unknown
      : (input: I, context: SagaContext<S, any>) => R
    : R extends Promise<any>
      ? 'a saga method must not be async'
      : unknown
  : unknown;
type SagaShape<S, I, O> = {
  [K in keyof S]: K extends 'result' ? SagaMember<S, S[K], I> & ((input: I, context: SagaContext<S, any>) => O) : SagaMember<S, S[K], I>;
};

export type SagaDecorator = <I = any, O = unknown, V = Context<any>>(
  options: SagaOptions<I, O, V>,
) => <
  C extends Class<SagaShape<InstanceType<C>, I, O>> &
    (SagaContext<InstanceType<C>> extends Said<V> ? unknown : "the second parameter of an attribute is this saga's SagaContext"),
>(
  target: C,
) => void;

type Actions<P> = {
  [K in keyof P]: K extends Hidden
    ? unknown
    : K extends Reserved
      ? 'an action cannot have this name'
      : P[K] extends Method
        ? (input: any, second: any) => Promise<unknown>
        : 'public members of a participant are async actions';
};

export type ParticipantDecorator = (name: string) => <C extends Class<Actions<InstanceType<C>>>>(target: C) => void;

/** The actions of participant class `P` as a saga sees them: each builds a command. */
export type ParticipantClient<P> = {
  readonly [K in keyof P as K extends Hidden | Reserved ? never : P[K] extends (...args: any[]) => Promise<any> ? K : never]: P[K] extends (
    ...args: infer Args
  ) => Promise<infer Result>
    ? (...args: Args) => Command<Settled<Result>>
    : never;
};

/** What undoes an item takes the item, and not the saga's input. */
type AnyItem = { readonly item: any; readonly result: any; readonly index: number };

// ─── start(saga, input), result() ────────────────────────────────────────────────────────────────────────────────────────────────────────

type CommandsOf<S> = {
  [K in keyof S]: S[K] extends (...args: any[]) => Command<any> | Each ? (FirstInput<S[K]> extends AnyItem ? never : K) : never;
}[keyof S];

/** Input of saga class `S`: what all of its steps accept. */
export type SagaInput<S> = S[CommandsOf<S>] extends (input: infer I, ...rest: any[]) => any ? I : never;
/** Output of saga class `S`: what its method `result` returns, else the results by step. */
export type SagaOutput<S> = S extends { result(...args: any[]): infer R } ? R : { readonly [K in CommandsOf<S>]?: ResultOf<S[K]> };

/** What the builder makes. `Raw` is what a caller passes, before the schema turns it into `I`. */
export interface BuiltSaga<I = any, O = any, Raw = any, Signals = any> extends SagaDefinition<I, O> {
  /** Phantoms: never present at run time. */
  readonly rawInputType?: Raw;
  readonly signalTypes?: Signals;
}

/** What names a saga to `start`: a decorated class, or a definition. */
export type SagaRef = Class<any> | SagaDefinition<any, any>;
export type InputOf<R extends SagaRef> =
  R extends Class<infer S> ? SagaInput<S> : R extends BuiltSaga<infer I, any, infer Raw> ? (unknown extends Raw ? I : Raw) : never;
export type OutputOf<R extends SagaRef> = R extends Class<infer S> ? SagaOutput<S> : R extends SagaDefinition<any, infer O> ? O : never;

/** Payloads by signal. Of a class: of its methods that could take one; whether a method does is found when a signal is sent. */
export type SignalsOf<R extends SagaRef> =
  R extends Class<infer S> ? SignalsOfClass<S> : R extends BuiltSaga<any, any, any, infer Signals> ? Signals : never;
type SignalsOfClass<S> = {
  readonly [K in keyof S as K extends 'result'
    ? never
    : S[K] extends Method
      ? S[K] extends (...args: any[]) => Command<any> | Each
        ? never
        : K
      : never]: FirstInput<S[K]>;
};
