declare const settled: unique symbol;

/** What an action answers that somebody outside will end, by its task token, with a result of type `R`. */
export interface Later<R = unknown> {
  readonly type: 'later';
  /** Phantom: the type of the result. Never present at run time. */
  readonly [settled]?: R;
}

/** What an action, which may answer `Later`, comes to in the end. */
export type Settled<R> = R extends Later<infer Result> ? Result : R;

/** Two copies of this package in one process know each other's. */
const LATER = Symbol.for('skald.later');

/**
 * Answered by an action instead of a result: "I have it; somebody else will say how it ended", by the task token that the action handed on.
 * The step must have a `callback`.
 */
export function later<R = unknown>(): Later<R> {
  return Object.freeze({ type: 'later', [LATER]: true }) as Later<R>;
}

export function isLater(value: unknown): value is Later {
  return typeof value === 'object' && value !== null && LATER in value;
}
