/** Time as a seam: tests bring their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once, not before `at` (epoch milliseconds). The answer cancels it. */
  at(at: number, callback: () => void): () => void;
}

/** Identity as a seam. */
export interface Ids {
  /** Unique for ever: request and client ids. */
  unique(): string;
  /** Short, unique among the lives of one saga id. */
  incarnation(): string;
}
