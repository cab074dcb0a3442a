/**
 * What a probe says of an action. `false`: it has not happened, and will not happen any more by what was sent before. Where that is not certain, or
 * nobody can tell, `'unknown'`.
 */
export type Probed<R = unknown> = Happened<R> | { readonly happened: false | 'unknown' };

// biome-ignore lint/suspicious/noConfusingVoidType: an action may answer nothing
type Happened<R> = { readonly happened: true } & ([R] extends [void] ? { readonly result?: undefined } : { readonly result: R });
