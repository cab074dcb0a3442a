import {
  type EventStore,
  evolveLimiter,
  initialLimiter,
  type LimiterEvent,
  type LimiterState,
  type RecordedEvent,
  SkaldError,
} from '@skald/kernel';
import { decodeEvent } from '../event-codec.js';

const PAGE = 1_000;
/** Every so many events the stream says afresh who holds a slot, and is read from there. */
export const AFRESH_EVERY = 1_000;

export interface LoadedLimiter {
  readonly state: LimiterState;
  /** Hash of the last event; the stream's name before the first. */
  readonly head: string;
  /** Revision of the last event with which all that are held are said anew; 0 where there is none. */
  readonly afresh: number;
}

/** Reads the last part of a stream, however long it is: a few single events to find that, and then it. Throws `history-unreadable`. */
export async function loadLimiter(store: EventStore, stream: string): Promise<LoadedLimiter> {
  const state = initialLimiter();
  let head = stream;
  const from = await lastAfresh(store, stream);
  state.revision = from - 1;
  for (;;) {
    const page = await store.read(stream, { from: state.revision + 1, limit: PAGE });
    for (const recorded of page) evolveLimiter(state, slotEvent(recorded));
    head = page.at(-1)?.hash ?? head;
    if (page.length < PAGE) return { state, head, afresh: from };
  }
}

/** Revision of the last event with which all that are held are said anew; 0 where there is none. */
async function lastAfresh(store: EventStore, stream: string): Promise<number> {
  const isAt = async (revision: number) => (await store.read(stream, { from: revision, limit: 1 })).length > 0;
  let beyond = 1;
  while (await isAt(beyond * AFRESH_EVERY)) beyond *= 2;
  let last = Math.floor(beyond / 2);
  while (beyond - last > 1) {
    const middle = Math.floor((last + beyond) / 2);
    if (await isAt(middle * AFRESH_EVERY)) last = middle;
    else beyond = middle;
  }
  // It is said anew with the first write at or after such a revision; a write holds fewer events than lie between two.
  const page = await store.read(stream, { from: Math.max(0, last - 1) * AFRESH_EVERY, limit: 2 * AFRESH_EVERY });
  const afresh = page.findLast((recorded) => slotEvent(recorded).data.afresh);
  return afresh?.revision ?? 0;
}

function slotEvent(recorded: RecordedEvent): LimiterEvent {
  const event = decodeEvent(recorded) as { readonly type: string };
  if (event.type === 'SlotsMoved') return event as LimiterEvent;
  const { stream, revision } = recorded;
  throw new SkaldError('history-unreadable', { stream, revision, problem: `it holds ${event.type}, which is no event of a limiter` });
}
