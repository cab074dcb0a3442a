/** What the compiler holds of a saga written with the builder: names, order, results and payloads, all inferred. */
import type { Command, Duration, SignalOptions, StandardSchema, StepOptions } from '@skald/kernel';
import type { BuiltSaga, Context, SagaOptions } from './typing.js';

export interface BuilderOptions<I, Raw, O> extends Omit<SagaOptions<I, O>, 'input'> {
  readonly input?: StandardSchema<Raw, I>;
}

/** `Done`: the steps whose results are certain. */
export type BuilderContext<Results, Done> = Context<{
  readonly [K in keyof Results]: K extends Done ? Results[K] : Results[K] | undefined;
}>;

/** The steps that are settled when `A` are: they and all before them. */
type Settled<Before, A> = A | (A extends keyof Before ? Before[A] : never);

export interface BuilderStep<I, Results, Before, A, R, W> extends StepOptions {
  run(input: I, context: BuilderContext<Results, Settled<Before, A>>): Command<R>;
  /** Default: the step before; `[]`: at once. */
  readonly after?: A | readonly A[];
  /** Guard: false skips the step, which is recorded. */
  readonly when?: (input: I, context: BuilderContext<Results, Settled<Before, A>>) => W;
  /** How the saga undoes the step; `result` is absent where the outcome is unknown. A name is for people, default `undo <step>`. */
  readonly compensation?: BuilderUndo<I, Results, R> | { readonly name: string; readonly run: BuilderUndo<I, Results, R> };
}

/** `for` from when its turn comes, or `until` a date (or milliseconds) that is computed then. */
export type BuilderWait<I, Results, Before, A> = {
  readonly after?: A | readonly A[];
  readonly when?: (input: I, context: BuilderContext<Results, Settled<Before, A>>) => boolean;
} & ({ readonly for: Duration } | { readonly until: (input: I, context: BuilderContext<Results, Settled<Before, A>>) => Date | Duration });

type BuilderUndo<I, Results, R> = (input: I, result: NoInfer<R> | undefined, context: BuilderContext<Results, never>) => Command<unknown>;

export interface BuilderSignal<I, Results, Before, A, P, R, W, T> extends Omit<SignalOptions, 'signal' | 'schema' | 'onTimeout'> {
  readonly after?: A | readonly A[];
  readonly when?: (input: I, context: BuilderContext<Results, Settled<Before, A>>) => W;
  readonly schema?: StandardSchema<any, P>;
  readonly onTimeout?: T;
  /** Takes the payload, and gives the step's result. Default: the payload. `SagaAborted` fails the step. */
  receive?(payload: P, context: BuilderContext<Results, Settled<Before, A>>): R;
}

/** Each call answers a new builder, so that a beginning can be shared. */
export interface SagaBuilder<I, Raw, Output, Results, Before, Last, Signals = unknown> {
  step<N extends string, R = any, const A extends keyof Results = Last & keyof Results, W extends boolean = never>(
    name: N extends keyof Results ? `step '${N}' is defined twice` : N,
    step: BuilderStep<I, Results, Before, A, R, W> | ((input: I, context: BuilderContext<Results, Settled<Before, A>>) => Command<R>),
  ): SagaBuilder<
    I,
    Raw,
    Output,
    Results & { readonly [K in N]: [W] extends [never] ? R : R | undefined },
    Before & { readonly [K in N]: Settled<Before, A> },
    N,
    Signals
  >;
  /** A step that waits for a signal of its name. */
  signal<
    N extends string,
    P = unknown,
    R = P,
    const A extends keyof Results = Last & keyof Results,
    W extends boolean = never,
    T extends 'fail' | 'skip' = 'fail',
  >(
    name: N extends keyof Results ? `step '${N}' is defined twice` : N,
    options?: BuilderSignal<I, Results, Before, A, P, R, W, T>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    Results & { readonly [K in N]: [W, T] extends [never, 'fail'] ? R : R | undefined },
    Before & { readonly [K in N]: Settled<Before, A> },
    N,
    Signals & { readonly [K in N]: P }
  >;
  /** A step that waits: `'3d'`, or with options. */
  wait<N extends string, const A extends keyof Results = Last & keyof Results>(
    name: N extends keyof Results ? `step '${N}' is defined twice` : N,
    wait: Duration | BuilderWait<I, Results, Before, A>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    Results & { readonly [K in N]: undefined },
    Before & { readonly [K in N]: Settled<Before, A> },
    N,
    Signals
  >;
  /** The saga's output. Every step is settled by then. */
  result<O extends Output>(result: (input: I, context: BuilderContext<Results, keyof Results>) => O): BuiltSaga<I, O, Raw, Signals>;
  /** Without a result of its own: the results by step. */
  done(): BuiltSaga<I, { readonly [K in keyof Results]: Results[K] }, Raw, Signals>;
}

export type DefineSaga = <I = unknown, Raw = I, Output = unknown>(
  options: BuilderOptions<I, Raw, Output>,
) => SagaBuilder<I, Raw, Output, unknown, unknown, never>;
