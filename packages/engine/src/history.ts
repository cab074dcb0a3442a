import {
  type EventStore,
  evolve,
  initialState,
  isSagaStream,
  type RecordedEvent,
  type SagaEvent,
  type SagaState,
  SkaldError,
} from '@skald/kernel';
import { decodeEvent } from './event-codec.js';

const PAGE = 1_000;

/** An event with its place in the stream. */
export type HistoryEvent = SagaEvent & { readonly revision: number; readonly hash: string };

/** The history of a saga, up to `until` (a revision) where given. Throws `saga-not-found`. */
export async function readHistory(store: EventStore, sagaId: string, until = Number.MAX_SAFE_INTEGER): Promise<HistoryEvent[]> {
  if (!isSagaStream(sagaId)) throw new SkaldError('saga-not-found', { sagaId });
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

/** A saga as its stream says it is. */
export interface StoredSaga {
  readonly state: SagaState;
  /** Hash of the last event; the stream's name before the first. */
  readonly head: string;
  /** Global position of the last event, 0 before the first and where the store cannot tell. */
  readonly position: number;
}

/** The state of a saga with all that is stored of it. Throws `history-unreadable`. */
export async function loadSaga(store: EventStore, sagaId: string): Promise<StoredSaga> {
  if (!isSagaStream(sagaId)) throw new SkaldError('history-unreadable', { stream: sagaId, revision: 0, problem: 'it is no saga’s stream' });
  let state = initialState();
  let last: RecordedEvent | undefined;
  for (;;) {
    const page = await store.read(sagaId, { from: state.revision + 1, limit: PAGE });
    for (const recorded of page) state = evolveRecorded(state, recorded);
    last = page.at(-1) ?? last;
    if (page.length < PAGE) return { state, head: last?.hash ?? sagaId, position: last?.position ?? 0 };
  }
}

/** Changes the state that it is given. Throws `history-unreadable`, also for an event that reads well and cannot be. */
export function evolveRecorded(state: SagaState, recorded: RecordedEvent): SagaState {
  const event = decodeEvent(recorded);
  try {
    return evolve(state, event);
  } catch (cause) {
    const { stream, revision } = recorded;
    throw new SkaldError(
      'history-unreadable',
      { stream, revision, problem: cause instanceof Error ? cause.message : String(cause) },
      { cause },
    );
  }
}

/** The state that a history adds up to. */
export function stateOf(events: readonly SagaEvent[]): SagaState {
  let state = initialState();
  for (const event of events) state = evolve(state, event);
  return state;
}
