/** What the compiler holds of steps under `@SagaMap`. */
import type { CatchOptions, Command, Each, MapOptions } from '@skald/kernel';
import type { Alternative, Branch, Context, Named, Names, SagaContext, Said, WaitOptions } from './typing.js';

export interface SagaMapOptions<C = string, A = string | readonly string[], W = any, V = any, B = string, Q = string>
  extends WaitOptions<A, W, V, B, Q>,
    MapOptions,
    Pick<CatchOptions, 'optional'> {
  /** Public method that undoes one item: `(item: SagaItem<OrderSaga, 'ship'>) => Command`. Default: its participant knows how. */
  readonly compensation?: C;
}

/** One item of the step `K` of saga class `S`, for what undoes it. `result` is absent where its outcome is unknown. */
export interface SagaItem<S, K extends keyof S> extends SagaContext<S> {
  readonly item: ItemOf<S[K]>;
  readonly result: ItemResultOf<S[K]> | undefined;
  /** From 0. */
  readonly index: number;
}

type ItemOf<F> = F extends (...args: any[]) => Each<infer Item, any> ? Item : never;
type ItemResultOf<F> = F extends (...args: any[]) => Each<any, infer Result> ? Result : never;
type MapMethod<T, A extends keyof T, W, V> =
  SagaContext<T, A> extends Said<V>
    ? (input: Said<W>, context: SagaContext<T, A>) => Each
    : "the second parameter of `when` is this saga's SagaContext";

/** On a saga's method: a step that asks for many items. The method answers `each(items, (item) => command)`; the result is the list of theirs. */
export type SagaMapDecorator = <
  const C extends string = never,
  const A extends string | readonly string[] = never,
  W = unknown,
  V = Context<Readonly<Record<string, unknown>>>,
  const B extends string = never,
  const Q extends Branch = never,
>(
  options?: SagaMapOptions<C, A, W, V, B, Q> & Alternative<B>,
) => <T extends { [N in C]: (item: SagaItem<T, K>) => Command<unknown> } & Named<A, B, Q>, K extends keyof T>(
  target: T,
  key: K,
  descriptor: TypedPropertyDescriptor<T[K] & MapMethod<T, Names<A> & keyof T, W, V>>,
) => void;
