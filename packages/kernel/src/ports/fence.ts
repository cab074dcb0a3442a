import type { ErrorRecord } from '../errors/errors.js';

/**
 * What a participant remembers of an idempotency key. Only final outcomes are kept, and `running` while an action (or, `undoing`, its compensation) without a
 * common transaction is under way. No record: nothing was ever seen of the key.
 */
export type FenceRecord =
  | { readonly type: 'running'; readonly leaseUntil: number; readonly token: string; readonly undoing?: true }
  /** `result` is a JSON text, absent where the action answered nothing. */
  | { readonly type: 'succeeded'; readonly result?: string; readonly compensable: boolean }
  /** The action was begun, and somebody else will end it. */
  | { readonly type: 'deferred'; readonly compensable: boolean }
  | { readonly type: 'failed'; readonly error: ErrorRecord }
  | { readonly type: 'undone'; readonly round: number; readonly executed: boolean }
  | { readonly type: 'sealed'; readonly doubt: boolean };

/**
 * How long a fence remembers a key at least after its record was last written, in milliseconds: 90 days. What was first requested longer ago, and is
 * not remembered, is neither run nor answered.
 */
export const FENCE_MEMORY = 90 * 86_400_000;

/** By so much, in milliseconds, the clock of whoever asked may be ahead of the fence's. */
const AHEAD = 86_400_000;

/** Records last written before then may be dropped: before `before`, but none that must still be remembered. */
export function forgettable(before: number, now: number): number {
  return Math.min(before, now - FENCE_MEMORY - AHEAD);
}

/** One transaction of a fence. Everything done through it is durable when the session's promise resolves, or none of it is. */
export interface FenceSession {
  get(key: string): FenceRecord | undefined | Promise<FenceRecord | undefined>;
  put(key: string, record: FenceRecord): void | Promise<void>;
  /** Runs `work`; when it rejects, undoes what `work` did in this transaction, and nothing else, and rejects with the same error. Savepoints
   * run one after the other or one within the other, never side by side. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * Where a participant's fence records live. `transactional`: in the database of its business data, in one transaction with the business
 * change, which is therefore made at most once. `external`: beside it; an action interrupted between its effect and its record may run again.
 * Sessions of one fence run one after the other, unless it says that it runs more at the same time.
 */
export interface Fence {
  readonly kind: 'transactional' | 'external';
  /**
   * Sessions that may run at the same time; default 1. Where it is more, a session holds one command, and sessions of one key exclude each other
   * all the same, in every process: `get` waits for the other one, or answers that it is `running`.
   */
  readonly concurrency?: number;
  session<T>(work: (session: FenceSession) => Promise<T>): Promise<T>;
  /** Drops records last written before `before` (epoch milliseconds), but none of the last 91 days (`forgettable`); answers how many. */
  prune(before: number): Promise<number>;
}
