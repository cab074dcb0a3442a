import type { Alternative, Branch, Context, Named, WaitOptions } from './typing.js';

export interface SagaChoiceOptions<N extends string = string, A = string | readonly string[], W = any, V = any, B = string, Q = string>
  extends WaitOptions<A, W, V, B, Q> {
  /** Guards by branch. All are asked, and one at most may say yes; else the saga is suspended. Annotate their parameters. */
  readonly branches: { readonly [Name in N]: (input: W, context: V) => boolean };
  /** Branch that is taken where no guard says yes. Default: none, the saga is suspended then. */
  readonly otherwise?: string;
}

/**
 * On a saga's method: a step that decides which of its branches is taken; its result is the branch's name. The method is not called: empty, or
 * `route(branch: 'air' | 'sea') { return branch; }`, which lets the compiler hold the names.
 */
export type SagaChoiceDecorator = <
  const N extends string,
  const A extends string | readonly string[] = never,
  W = unknown,
  V = Context<Readonly<Record<string, unknown>>>,
  const L extends string = never,
  const B extends string = never,
  const Q extends Branch = never,
>(
  options: SagaChoiceOptions<N, A, W, V, B, Q> & Alternative<B> & { readonly otherwise?: L },
) => <T extends Named<A, B, Q>, K extends keyof T>(
  target: T,
  key: K,
  // biome-ignore lint/suspicious/noConfusingVoidType: the method may be empty
  descriptor: TypedPropertyDescriptor<T[K] & ((branch: N | L) => N | L | void)>,
) => void;
