import { type EventStore, evolve, initialState, type SagaEvent, type SagaState, SkaldError } from '@skald/kernel';
import { decodeEvent } from './event-codec.js';

const PAGE = 1_000;

/** An event with its place in the stream. */
export type HistoryEvent = SagaEvent & { readonly revision: number; readonly hash: string };

/** The history of a saga, up to `until` (a revision) where given. Throws `saga-not-found`. */
export async function readHistory(store: EventStore, sagaId: string, until = Number.MAX_SAFE_INTEGER): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  for (;;) {
    const page = await store.read(sagaId, { from: events.length, limit: PAGE });
    for (const recorded of page) {
      if (recorded.revision <= until) events.push({ ...decodeEvent(recorded), revision: recorded.revision, hash: recorded.hash });
    }
    if (page.length < PAGE || events.length > until) break;
  }
  if (events.length === 0) throw new SkaldError('saga-not-found', { sagaId });
  return events;
}

/** The state that a history adds up to. */
export function stateOf(events: readonly SagaEvent[]): SagaState {
  let state = initialState();
  for (const event of events) state = evolve(state, event);
  return state;
}
