import type { Attributes } from '../deciding/attributes.js';
import type { AttributeQuery } from '../definition/attribute-filter.js';
import type { SagaStatus } from '../state/saga-status.js';

/** What the index knows of a saga: a disposable projection. Times in epoch milliseconds. */
export interface SagaSummary {
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly startedAt: number;
  /** Time of the event that set this status. */
  readonly since: number;
  /** No later than the earliest timer of the saga: waking it too early is harmless, too late is not. */
  readonly dueAt: number | undefined;
  /** The world is owed a command by this saga; recovery looks at these alone. */
  readonly owes: boolean;
  /** Why it failed, turned back or is suspended. */
  readonly error: string | undefined;
  /** What its definition says it can be found by. */
  readonly attributes?: Attributes | undefined;
}

export interface IndexQuery {
  readonly status?: readonly SagaStatus[];
  readonly saga?: string;
  /** Started then or later, epoch milliseconds. */
  readonly startedAfter?: number;
  /** Started before then, epoch milliseconds. */
  readonly startedBefore?: number;
  /** Has had its status since then, or a later time; epoch milliseconds. */
  readonly since?: number;
  /** Name of the error for which it failed, turned back or is suspended: `CardDeclined`, `version-not-deployed`; `cancelled` by somebody. */
  readonly error?: string;
  /** All of them must match: a value, a range `{ from, to }` (`to` itself is not in it), or a `{ prefix }`. Else rejects with `invalid-query`. */
  readonly attributes?: Readonly<Record<string, AttributeQuery>>;
  /** At most so many; default 100. */
  readonly limit?: number;
  /** `next` of the page before; anything else rejects with `invalid-cursor`. */
  readonly after?: string;
}

/** Newest first. */
export interface IndexPage {
  readonly sagas: readonly SagaSummary[];
  readonly next: string | undefined;
}

/** How many sagas of a version there are. */
export interface VersionCount {
  readonly saga: string;
  readonly version: number;
  readonly sagas: number;
}

/** Which sagas there are, and what is due. Can be deleted and rebuilt from the event store at any time. */
export interface SagaIndex {
  get(sagaId: string): Promise<SagaSummary | undefined>;
  list(query: IndexQuery): Promise<IndexPage>;
  /** Number of sagas by status; a status without sagas is absent. */
  count(): Promise<Partial<Record<SagaStatus, number>>>;
  /** Sagas that have not ended, by name and version; looks at each of them. */
  unended(): Promise<readonly VersionCount[]>;
  /** Sagas that fit and whose `dueAt` is at or before `until`, the most overdue first. */
  due(
    until: number,
    limit: number,
    fits?: (sagaId: string) => boolean,
  ): Promise<readonly { readonly sagaId: string; readonly dueAt: number }[]>;
  /** Sagas of this name that fit and wait for a slot (`throttled`), the longest waiting first. */
  throttled(
    saga: string,
    limit: number,
    fits?: (sagaId: string) => boolean,
  ): Promise<readonly { readonly sagaId: string; readonly startedAt: number }[]>;
  /** Ids of sagas that owe a command, in ascending order, after `after`. */
  owing(after: string, limit: number): Promise<readonly string[]>;
  /** Global position up to which the index has seen the store. */
  position(): Promise<number>;
  /** Puts the summaries, whatever stands there, and moves the position, in one transaction. */
  put(summaries: readonly SagaSummary[], position: number): Promise<void>;
  /** Forgets everything; position 0. */
  clear(): Promise<void>;
}
