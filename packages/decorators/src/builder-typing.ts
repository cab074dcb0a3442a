/** What the compiler holds of a saga written with the builder: names, order, results and payloads, all inferred. */
import type { AttributeValue, Command, Duration, MapOptions, SignalOptions, StandardSchema, StepOptions } from '@skald/kernel';
import type { Certain, Default, Elsewhere, NewName, Next, WithAlternative, WithBranch } from './builder-places.js';
import type { BuiltSaga, Context, SagaOptions } from './typing.js';

export interface BuilderOptions<I, Raw, O> extends Omit<SagaOptions<I, O>, 'input' | 'attributes'> {
  readonly input?: StandardSchema<Raw, I>;
}

/** `Done`: the steps whose results are certain. */
export type BuilderContext<Results, Done> = Context<{
  readonly [K in keyof Results]: K extends Done ? Results[K] : Results[K] | undefined;
}>;

/** Where a step stands, whatever it does. `C`: what its methods see. */
interface BuilderPlace<I, A, B, Q, C, W> {
  /** Default: the step before; where branches of a choice end here, all of their ends; `[]`: at once. */
  readonly after?: A | readonly A[];
  /** The branch of a choice that it belongs to: where another is taken it is skipped. */
  readonly branch?: Q;
  /** The step in whose place this one runs where that has failed. What comes after that comes after this too. */
  readonly instead?: B;
  /** Errors by which that step must have failed; `Timeout` names a timeout. Default: any. */
  readonly on?: [B] extends [never] ? never : readonly string[];
  /** Guard: false skips the step, which is recorded; of an alternative: passes it over. */
  readonly when?: (input: I, context: C) => W;
}

interface Dispensable<P> {
  /** Its failure, with one of these errors or with any (`true`), is recorded, and the saga goes on without its result. Default false. */
  readonly optional?: P;
}

export interface BuilderStep<I, Results, A, B, Q, C, W, R, P> extends StepOptions, BuilderPlace<I, A, B, Q, C, W>, Dispensable<P> {
  run(input: I, context: C): Command<R>;
  /** How the saga undoes the step; `result` is absent where the outcome is unknown. A name is for people, default `undo <step>`. */
  readonly compensation?: BuilderUndo<I, Results, R> | { readonly name: string; readonly run: BuilderUndo<I, Results, R> };
}

/** What is asked for one item; `run` and `compensation` also see the saga's input and the item's index, from 0. */
export type BuilderItemContext<I, Results, Done> = BuilderContext<Results, Done> & { readonly input: I; readonly index: number };

type BuilderItemUndo<I, Results, T, R> = (
  item: NoInfer<T>,
  result: NoInfer<R> | undefined,
  context: BuilderItemContext<I, Results, never>,
) => Command<unknown>;

export interface BuilderMap<I, Results, A, B, Q, C, W, T, R, P> extends MapOptions, BuilderPlace<I, A, B, Q, C, W>, Dispensable<P> {
  /** Known when the step's turn comes. From the input and results of steps before it: it is asked again after a restart. */
  items(input: I, context: C): readonly T[];
  run(item: T, context: C & { readonly input: I; readonly index: number }): Command<R>;
  /** How the saga undoes one item; `result` is absent where its outcome is unknown. */
  readonly compensation?: BuilderItemUndo<I, Results, T, R> | { readonly name: string; readonly run: BuilderItemUndo<I, Results, T, R> };
}

/** `for` from when its turn comes, or `until` a date (or milliseconds) that is computed then. */
export type BuilderWait<I, A, B, Q, C> = BuilderPlace<I, A, B, Q, C, boolean> &
  ({ readonly for: Duration } | { readonly until: (input: I, context: C) => Date | Duration });

type BuilderUndo<I, Results, R> = (input: I, result: NoInfer<R> | undefined, context: BuilderContext<Results, never>) => Command<unknown>;

export interface BuilderSignal<I, A, B, Q, C, W, S, R, T, P>
  extends Omit<SignalOptions, 'signal' | 'schema' | 'onTimeout'>,
    BuilderPlace<I, A, B, Q, C, W>,
    Dispensable<P> {
  readonly schema?: StandardSchema<any, S>;
  readonly onTimeout?: T;
  /** Takes the payload, and gives the step's result. Default: the payload. `SagaAborted` fails the step. */
  receive?(payload: S, context: C): R;
}

export interface BuilderChoice<I, A, B, Q, C, W, X extends string, L> extends BuilderPlace<I, A, B, Q, C, W> {
  /** Guards by branch. All are asked, and one at most may say yes; else the saga is suspended. */
  readonly branches: { readonly [Name in X]: (input: I, context: C) => boolean };
  /** Branch that is taken where no guard says yes. Without it the saga is suspended then. */
  readonly otherwise?: L;
}

/** Each call answers a new builder, so that a beginning can be shared. */
export interface SagaBuilder<I, Raw, Output, Results, Before, Last, Signals = unknown, Branches = never, In = unknown> {
  step<
    N extends string,
    R = any,
    const B extends keyof Results = never,
    const Q extends Branches = never,
    const A extends keyof Results = Default<Last, B, In, Q> & keyof Results,
    W extends boolean = never,
    const P extends boolean | readonly string[] = never,
  >(
    name: NewName<N, Results, Before, B>,
    step:
      | BuilderStep<I, Results, A, B, Q, BuilderContext<Results, Certain<Before, A, B, In, Q>>, W, R, P>
      | ((input: I, context: BuilderContext<Results, Certain<Before, A, B, In, Q>>) => Command<R>),
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & { readonly [K in N]: [W, P, B] extends [never, never, never] ? R : R | undefined },
    Before & { readonly [K in N]: Certain<Before, A, B, In, Q> },
    Next<N, B>,
    Signals,
    Branches,
    WithBranch<In, N, B, Q>
  >;
  /** A step that asks for many items, known only when its turn comes. Its result is the list of theirs, in order. */
  map<
    N extends string,
    T = any,
    R = any,
    const B extends keyof Results = never,
    const Q extends Branches = never,
    const A extends keyof Results = Default<Last, B, In, Q> & keyof Results,
    W extends boolean = never,
    const P extends boolean | readonly string[] = never,
  >(
    name: NewName<N, Results, Before, B>,
    step: BuilderMap<I, Results, A, B, Q, BuilderContext<Results, Certain<Before, A, B, In, Q>>, W, T, R, P>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & {
      readonly [K in N]: [W, P, B] extends [never, never, never] ? readonly (R | undefined)[] : readonly (R | undefined)[] | undefined;
    },
    Before & { readonly [K in N]: Certain<Before, A, B, In, Q> },
    Next<N, B>,
    Signals,
    Branches,
    WithBranch<In, N, B, Q>
  >;
  /** A step that waits for a signal of its name. */
  signal<
    N extends string,
    S = unknown,
    R = S,
    const B extends keyof Results = never,
    const Q extends Branches = never,
    const A extends keyof Results = Default<Last, B, In, Q> & keyof Results,
    W extends boolean = never,
    T extends 'fail' | 'skip' = 'fail',
    const P extends boolean | readonly string[] = never,
  >(
    name: NewName<N, Results, Before, B>,
    options?: BuilderSignal<I, A, B, Q, BuilderContext<Results, Certain<Before, A, B, In, Q>>, W, S, R, T, P>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & {
      readonly [K in N]: [W, T, P, B] extends [never, 'fail', never, never] ? R : R | undefined;
    },
    Before & { readonly [K in N]: Certain<Before, A, B, In, Q> },
    Next<N, B>,
    Signals & { readonly [K in N]: S },
    Branches,
    WithBranch<In, N, B, Q>
  >;
  /** A step that waits: `'3d'`, or with options. */
  wait<
    N extends string,
    const B extends keyof Results = never,
    const Q extends Branches = never,
    const A extends keyof Results = Default<Last, B, In, Q> & keyof Results,
  >(
    name: NewName<N, Results, Before, B>,
    wait: Duration | BuilderWait<I, A, B, Q, BuilderContext<Results, Certain<Before, A, B, In, Q>>>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & { readonly [K in N]: undefined },
    Before & { readonly [K in N]: Certain<Before, A, B, In, Q> },
    Next<N, B>,
    Signals,
    Branches,
    WithBranch<In, N, B, Q>
  >;
  /** A step that decides which of its branches is taken; steps belong to one by `branch: 'name.branch'`. Its result is the branch's name. */
  choice<
    N extends string,
    const X extends string,
    const L extends string = never,
    const Q extends Branches = never,
    const A extends keyof Results = Default<Last, never, In, Q> & keyof Results,
    W extends boolean = never,
  >(
    name: NewName<N, Results, Before, never>,
    choice: BuilderChoice<I, A, never, Q, BuilderContext<Results, Certain<Before, A, never, In, Q>>, W, X, L>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    Results & { readonly [K in N]: [W] extends [never] ? X | L : X | L | undefined },
    Before & { readonly [K in N]: Certain<Before, A, never, In, Q> },
    N,
    Signals,
    Branches | `${N}.${X | L}`,
    WithBranch<In, N, never, Q>
  >;
  /** What instances can be found by, up to 20 in all. What was given before is kept, unless it has the same name. */
  attributes(
    attributes: Readonly<Record<string, (input: I, context: BuilderContext<Results, never>) => AttributeValue | undefined>>,
  ): SagaBuilder<I, Raw, Output, Results, Before, Last, Signals, Branches, In>;
  /** The saga's output. Every step is settled by then. */
  result<O extends Output>(
    result: (input: I, context: BuilderContext<Results, Exclude<keyof Results, Elsewhere<In, never>>>) => O,
  ): BuiltSaga<I, O, Raw, Signals>;
  /** Without a result of its own: the results by step. */
  done(): BuiltSaga<
    I,
    { readonly [K in keyof Results]: K extends Elsewhere<In, never> ? Results[K] | undefined : Results[K] },
    Raw,
    Signals
  >;
}

export type DefineSaga = <I = unknown, Raw = I, Output = unknown>(
  options: BuilderOptions<I, Raw, Output>,
) => SagaBuilder<I, Raw, Output, unknown, unknown, never>;
