import type { ErrorRecord } from '../errors/errors.js';
import { fnv1a } from '../fnv1a.js';
import type { StepState } from '../state/state.js';

/** How often and when a step or a compensation is attempted again. All durations in milliseconds. */
export interface RetryPolicy {
  /** Attempts in all, the first included. At least 1; `Infinity` is written as 0 ("until it succeeds"). */
  readonly attempts: number;
  readonly backoff: 'fixed' | 'exponential';
  /** Wait before the second attempt; doubles each time when exponential. */
  readonly delay: number;
  readonly maxDelay: number;
  /** Share of the delay that is spread, 0 to 1: 0.2 gives 80 to 100 % of it. */
  readonly jitter: number;
  /** Only these error names are retried. A business error is retried only when named here, in a new round. `Timeout` names a timeout. */
  readonly on?: readonly string[];
  /** These error names are never retried. */
  readonly never?: readonly string[];
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 3, backoff: 'exponential', delay: 100, maxDelay: 30_000, jitter: 0.2 };

/** Compensations do not give up quickly: about half an hour of attempts before a person is asked. */
export const DEFAULT_COMPENSATION_RETRY: RetryPolicy = { attempts: 20, backoff: 'exponential', delay: 200, maxDelay: 120_000, jitter: 0.2 };

/** The name under which policies know a timeout. */
export const TIMEOUT = 'Timeout';

/** The name under which histories know that a deferred step's heartbeat was missed. */
export const HEARTBEAT_TIMEOUT = 'HeartbeatTimeout';

/** The name under which policies know that a command came to its participant too late to be begun. */
export const EXPIRED = 'Expired';

/** The error of a step that was not answered, not told, or not ended by its task token in time. */
export function timeoutError({ signal, policy, status }: Pick<StepState, 'signal' | 'policy' | 'status'>, heartbeat?: true): ErrorRecord {
  if (heartbeat) return { name: HEARTBEAT_TIMEOUT, message: `no heartbeat within ${policy?.callback?.heartbeat} ms` };
  if (status === 'deferred') return { name: TIMEOUT, message: 'its time to be answered later is up' };
  return { name: TIMEOUT, message: signal === undefined ? `no answer within ${policy?.timeout} ms` : `no signal ${signal} in time` };
}

/** May the error be tried again after `attempts` attempts? Business errors only when the policy names them. */
export function mayRetry(policy: RetryPolicy, attempts: number, error: string, business: boolean): boolean {
  if (policy.attempts > 0 && attempts >= policy.attempts) return false;
  if (policy.never?.includes(error)) return false;
  if (policy.on) return policy.on.includes(error);
  return !business;
}

/** Wait before the attempt after `attempts` attempts. Pure: the jitter is drawn from `seed`, not from chance. */
export function backoffDelay(policy: RetryPolicy, attempts: number, seed: string): number {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(attempts - 1, 40) : 1;
  const delay = Math.min(policy.delay * factor, policy.maxDelay);
  return Math.round(delay * (1 - policy.jitter * fraction(`${seed}/${attempts}`)));
}

/** FNV-1a with a final mix, as a number in [0, 1): spreads equal policies of many sagas over the jitter's range. */
function fraction(text: string): number {
  let hash = fnv1a(text);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}
