/**
 * What the builder's types keep of where steps stand. `Before`: by step, those whose results are certain when it runs. `In`: by step, the branch that
 * it belongs to. `B`: what a step stands in for. `Q`: the branch that it says it belongs to. `A`: what it comes after.
 */

/** The steps that are settled when `A` are: they and all before them. */
type Settled<Before, A> = A | (A extends keyof Before ? Before[A] : never);

/** An alternative belongs to the branch of its step. */
export type BranchOf<In, B, Q> = [B] extends [never] ? Q : B extends keyof In ? In[B] : never;

type ChoiceOf<Q> = Q extends `${infer Choice}.${string}` ? Choice : never;

/** A branch, the one that its choice belongs to, and so on. */
type Around<In, Q> = Q extends `${infer Choice}.${string}` ? Q | (Choice extends keyof In ? Around<In, In[Choice]> : never) : never;

/** Steps that do not run wherever a step of branch `Q` does. */
export type Elsewhere<In, Q> = { [K in keyof In]: [Extract<In[K], Around<In, Q>>] extends [never] ? K : never }[keyof In];

/** Steps whose results are certain. For an alternative `A` counts as what it comes after besides; what it stands in for has no result. */
export type Certain<Before, A, B, In, Q> = Exclude<
  [B] extends [never] ? Settled<Before, A> : Exclude<Settled<Before, A> | Settled<Before, B>, B>,
  Elsewhere<In, BranchOf<In, B, Q>>
>;

/** What a step comes after that says nothing of it, as far as results go: the step before, or the choice whose branches begin or end here. */
export type Default<Last, B, In, Q> = [B] extends [never] ? DefaultIn<Last, In, Q, Last extends keyof In ? In[Last] : never> : never;
type DefaultIn<Last, In, Q, LastIn> = [Q, LastIn] extends [LastIn, Q]
  ? Last
  : [Q] extends [Around<In, LastIn>]
    ? ChoiceOf<LastIn>
    : ChoiceOf<Q>;

/** What comes next by default comes after the step that an alternative stands in for, or after this one. */
export type Next<N, B> = [B] extends [never] ? N : B;

/** Where a step has an alternative its result is no longer certain. */
export type WithAlternative<Results, B> = [B] extends [never]
  ? Results
  : { readonly [K in keyof Results]: K extends B ? Results[K] | undefined : Results[K] };

export type WithBranch<In, N extends string, B, Q> = [BranchOf<In, B, Q>] extends [never]
  ? In
  : In & { readonly [K in N]: BranchOf<In, B, Q> };

/** The name of a new step; in the place of others it must be defined before anything counts on them. */
export type NewName<N extends string, Results, Before, B> = N extends keyof Results
  ? `step '${N}' is defined twice`
  : [B] extends [never]
    ? N
    : [Extract<B, Before[keyof Before]>] extends [never]
      ? N
      : `define '${N}' before the steps that come after '${B & string}'`;
