/**
 * Whether an append may be written. The order of the questions is the server's (IndexWriter.CheckCommit):
 *
 * C1  Exact revision or no stream, and the stream is further: event k must be the stored event at expected + 1 + k, by id. All: idempotent.
 *     The first is another: wrong version. Only a later one is another, or there is none: wrong version too.
 * C2  Any or stream exists: all ids must be in the cache of recent events with this stream: idempotent. The first is not: it is written,
 *     so that a repeat after the cache was lost is a duplicate. The first is, a later one is not: wrong version.
 * C3  A soft-deleted stream takes no-stream, any and its exact revision; numbers go on. Stream-exists finds it deleted.
 * C4  A tombstone refuses everything for ever.
 */
import type { EventLog } from './event-log.js';
import { DELETED, metastreamOf, NO_STREAM } from './log-record.js';
import type { RecentIds } from './recent-ids.js';

export type Expected = number | 'any' | 'stream-exists';

export type CommitDecision =
  | { readonly type: 'write'; readonly last: number; readonly undelete: boolean }
  | { readonly type: 'idempotent'; readonly lastRevision: number }
  | { readonly type: 'wrong-version'; readonly current: number }
  | { readonly type: 'deleted' };

export function checkCommit(log: EventLog, recent: RecentIds, stream: string, expected: Expected, ids: readonly string[]): CommitDecision {
  const current = log.lastRevision(stream);
  if (current === DELETED) return { type: 'deleted' };
  if (expected === 'stream-exists') {
    if (log.isSoftDeleted(stream)) return { type: 'deleted' };
    if (current < 0 && log.lastRevision(metastreamOf(stream)) < 0) return { type: 'wrong-version', current };
  }
  if (typeof expected !== 'number') return checkRecent(log, recent, stream, current, ids);
  if (expected < current) return checkStored(log, stream, expected, current, ids);
  if (expected > current) return { type: 'wrong-version', current };
  return { type: 'write', last: current, undelete: log.isSoftDeleted(stream) };
}

/** C2 */
function checkRecent(log: EventLog, recent: RecentIds, stream: string, current: number, ids: readonly string[]): CommitDecision {
  let lastRevision = -1;
  for (const [nth, id] of ids.entries()) {
    const known = recent.find(id, stream);
    if (known === undefined) {
      return nth === 0 ? { type: 'write', last: current, undelete: log.isSoftDeleted(stream) } : { type: 'wrong-version', current };
    }
    lastRevision = known;
  }
  if (ids.length === 0) return { type: 'write', last: current, undelete: log.isSoftDeleted(stream) };
  return { type: 'idempotent', lastRevision };
}

/** C1 */
function checkStored(log: EventLog, stream: string, expected: number, current: number, ids: readonly string[]): CommitDecision {
  for (const [nth, id] of ids.entries()) {
    if (log.at(stream, expected + 1 + nth)?.id === id) continue;
    if (nth === 0 && expected === NO_STREAM && log.isSoftDeleted(stream)) return { type: 'write', last: current, undelete: true };
    return { type: 'wrong-version', current };
  }
  return ids.length === 0 ? { type: 'wrong-version', current } : { type: 'idempotent', lastRevision: expected + ids.length };
}
