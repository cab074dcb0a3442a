import { type EventStore, type RecordedEvent, type SagaIndex, SkaldError } from '@skald/kernel';
import { decodeEvent } from './event-codec.js';
import { IndexFolds } from './index-folds.js';
import type { Observer } from './observer.js';

const PAGE = 5_000;
/** States kept at hand. */
export const CACHED_SAGAS = 20_000;

/**
 * Brings an index that lags behind the store (deleted, or from a backup) up to its head: one pass over the events that it has not seen.
 * Answers how many those were. Sagas whose events it saw in part are read from their streams. Sagas that cannot be read are left out, and
 * told to `observer`. For an index that its store keeps; others are fed by an `IndexProjection`.
 */
export async function catchUpIndex(store: EventStore, index: SagaIndex, observer: Observer = {}): Promise<number> {
  await forgetAnothers(store, index);
  const folds = new IndexFolds(store, observer, CACHED_SAGAS);
  let position = await index.position();
  let seen = 0;
  for (;;) {
    const page = await store.readAll(position, PAGE);
    const last = page.at(-1);
    if (last === undefined) return seen;
    position = last.position;
    seen += page.length;
    await index.put(await folds.fold(page), position);
  }
}

/**
 * An index that is ahead, or whose newest saga is not there, belongs to another store, or to a later state of this one: it is made anew.
 * What is behind its position was seen in that other store only.
 */
export async function forgetAnothers(store: EventStore, index: SagaIndex): Promise<void> {
  if ((await index.position()) > (await store.head()) || !(await hasNewest(store, index))) await index.clear();
}

/** When the saga of a first event started. */
function startOf(first: RecordedEvent): number {
  const event = decodeEvent(first);
  return event.type === 'ExpressSagaEnded' ? event.data.startedAt : event.at;
}

async function hasNewest(store: EventStore, index: SagaIndex): Promise<boolean> {
  const { sagas } = await index.list({ limit: 1 });
  const newest = sagas[0];
  if (newest === undefined) return true;
  try {
    const [first] = await store.read(newest.sagaId, { limit: 1 });
    return first !== undefined && startOf(first) === newest.startedAt;
  } catch (error) {
    // It is there: that is all that is asked.
    if (error instanceof SkaldError && (error.code === 'history-unreadable' || error.code === 'stream-deleted')) return true;
    throw error;
  }
}
