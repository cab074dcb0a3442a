/** What the compiler holds of a saga written with the builder: names, order, results and payloads, all inferred. */
import type { AttributeValue, Command, Duration, SignalOptions, StandardSchema, StepOptions } from '@skald/kernel';
import type { BuiltSaga, Context, SagaOptions } from './typing.js';

export interface BuilderOptions<I, Raw, O> extends Omit<SagaOptions<I, O>, 'input' | 'attributes'> {
  readonly input?: StandardSchema<Raw, I>;
}

/** `Done`: the steps whose results are certain. */
export type BuilderContext<Results, Done> = Context<{
  readonly [K in keyof Results]: K extends Done ? Results[K] : Results[K] | undefined;
}>;

/** The steps that are settled when `A` are: they and all before them. */
type Settled<Before, A> = A | (A extends keyof Before ? Before[A] : never);

/** For an alternative `A` counts as what it comes after besides; what it stands in for has no result. */
type Certain<Before, A, B> = [B] extends [never] ? Settled<Before, A> : Exclude<Settled<Before, A> | Settled<Before, B>, B>;

/** Where a step has an alternative its result is no longer certain. */
type WithAlternative<Results, B> = [B] extends [never]
  ? Results
  : { readonly [K in keyof Results]: K extends B ? Results[K] | undefined : Results[K] };

/** The name of a new step; in the place of others it must be defined before anything counts on them. */
type NewName<N extends string, Results, Before, B> = N extends keyof Results
  ? `step '${N}' is defined twice`
  : [B] extends [never]
    ? N
    : [Extract<B, Before[keyof Before]>] extends [never]
      ? N
      : `define '${N}' before the steps that come after '${B & string}'`;

/** What comes next by default comes after the step that an alternative stands in for, or after this one. */
type Next<N, B> = [B] extends [never] ? N : B;

export interface BuilderPlace<B> {
  /** The step in whose place this one runs where that has failed. What comes after that comes after this too. */
  readonly instead?: B;
  /** Errors by which that step must have failed; `Timeout` names a timeout. Default: any. */
  readonly on?: [B] extends [never] ? never : readonly string[];
}

export interface BuilderStep<I, Results, Before, A, R, W, B, P> extends StepOptions, BuilderPlace<B> {
  run(input: I, context: BuilderContext<Results, Certain<Before, A, B>>): Command<R>;
  /** Default: the step before; `[]`: at once. */
  readonly after?: A | readonly A[];
  /** Its failure, with one of these errors or with any (`true`), is recorded, and the saga goes on without its result. Default false. */
  readonly optional?: P;
  /** Guard: false skips the step, which is recorded. */
  readonly when?: (input: I, context: BuilderContext<Results, Certain<Before, A, B>>) => W;
  /** How the saga undoes the step; `result` is absent where the outcome is unknown. A name is for people, default `undo <step>`. */
  readonly compensation?: BuilderUndo<I, Results, R> | { readonly name: string; readonly run: BuilderUndo<I, Results, R> };
}

/** `for` from when its turn comes, or `until` a date (or milliseconds) that is computed then. */
export type BuilderWait<I, Results, Before, A, B> = BuilderPlace<B> & {
  readonly after?: A | readonly A[];
  readonly when?: (input: I, context: BuilderContext<Results, Certain<Before, A, B>>) => boolean;
} & (
    | { readonly for: Duration }
    | { readonly until: (input: I, context: BuilderContext<Results, Certain<Before, A, B>>) => Date | Duration }
  );

type BuilderUndo<I, Results, R> = (input: I, result: NoInfer<R> | undefined, context: BuilderContext<Results, never>) => Command<unknown>;

export interface BuilderSignal<I, Results, Before, A, P, R, W, T, B, O>
  extends Omit<SignalOptions, 'signal' | 'schema' | 'onTimeout'>,
    BuilderPlace<B> {
  readonly after?: A | readonly A[];
  readonly when?: (input: I, context: BuilderContext<Results, Certain<Before, A, B>>) => W;
  /** Its failure, with one of these errors or with any (`true`), is recorded, and the saga goes on without its result. Default false. */
  readonly optional?: O;
  readonly schema?: StandardSchema<any, P>;
  readonly onTimeout?: T;
  /** Takes the payload, and gives the step's result. Default: the payload. `SagaAborted` fails the step. */
  receive?(payload: P, context: BuilderContext<Results, Certain<Before, A, B>>): R;
}

/** Each call answers a new builder, so that a beginning can be shared. */
export interface SagaBuilder<I, Raw, Output, Results, Before, Last, Signals = unknown> {
  step<
    N extends string,
    R = any,
    const B extends keyof Results = never,
    const A extends keyof Results = [B] extends [never] ? Last & keyof Results : never,
    W extends boolean = never,
    const P extends boolean | readonly string[] = never,
  >(
    name: NewName<N, Results, Before, B>,
    step: BuilderStep<I, Results, Before, A, R, W, B, P> | ((input: I, context: BuilderContext<Results, Settled<Before, A>>) => Command<R>),
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & { readonly [K in N]: [W, P, B] extends [never, never, never] ? R : R | undefined },
    Before & { readonly [K in N]: Certain<Before, A, B> },
    Next<N, B>,
    Signals
  >;
  /** A step that waits for a signal of its name. */
  signal<
    N extends string,
    P = unknown,
    R = P,
    const B extends keyof Results = never,
    const A extends keyof Results = [B] extends [never] ? Last & keyof Results : never,
    W extends boolean = never,
    T extends 'fail' | 'skip' = 'fail',
    const O extends boolean | readonly string[] = never,
  >(
    name: NewName<N, Results, Before, B>,
    options?: BuilderSignal<I, Results, Before, A, P, R, W, T, B, O>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & {
      readonly [K in N]: [W, T, O, B] extends [never, 'fail', never, never] ? R : R | undefined;
    },
    Before & { readonly [K in N]: Certain<Before, A, B> },
    Next<N, B>,
    Signals & { readonly [K in N]: P }
  >;
  /** A step that waits: `'3d'`, or with options. */
  wait<
    N extends string,
    const B extends keyof Results = never,
    const A extends keyof Results = [B] extends [never] ? Last & keyof Results : never,
  >(
    name: NewName<N, Results, Before, B>,
    wait: Duration | BuilderWait<I, Results, Before, A, B>,
  ): SagaBuilder<
    I,
    Raw,
    Output,
    WithAlternative<Results, B> & { readonly [K in N]: undefined },
    Before & { readonly [K in N]: Certain<Before, A, B> },
    Next<N, B>,
    Signals
  >;
  /** What instances can be found by, up to 20 in all. What was given before is kept, unless it has the same name. */
  attributes(
    attributes: Readonly<Record<string, (input: I, context: BuilderContext<Results, never>) => AttributeValue | undefined>>,
  ): SagaBuilder<I, Raw, Output, Results, Before, Last, Signals>;
  /** The saga's output. Every step is settled by then. */
  result<O extends Output>(result: (input: I, context: BuilderContext<Results, keyof Results>) => O): BuiltSaga<I, O, Raw, Signals>;
  /** Without a result of its own: the results by step. */
  done(): BuiltSaga<I, { readonly [K in keyof Results]: Results[K] }, Raw, Signals>;
}

export type DefineSaga = <I = unknown, Raw = I, Output = unknown>(
  options: BuilderOptions<I, Raw, Output>,
) => SagaBuilder<I, Raw, Output, unknown, unknown, never>;
