import {
  type EventStore,
  evolve,
  initialState,
  isSagaStream,
  type PayloadCodec,
  type RecordedEvent,
  type SagaEvent,
  type SagaState,
  SkaldError,
} from '@skald/kernel';
import { decodeEvent } from './event-codec.js';
import { isSealed, openEvents, type PayloadReader } from './payloads/event-payloads.js';

const PAGE = 1_000;

/** An event with its place in the stream. */
export type HistoryEvent = SagaEvent & { readonly revision: number; readonly hash: string };

/**
 * The history of a saga, up to `until` (a revision) where given. Payloads that are encrypted are read where `codec` can. Throws `saga-not-found`,
 * `payload-unreadable`.
 */
export async function readHistory(
  store: EventStore,
  sagaId: string,
  until = Number.MAX_SAFE_INTEGER,
  codec?: PayloadReader,
): Promise<HistoryEvent[]> {
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
  return codec ? [...(await openEvents(codec, sagaId, events)).events] : events;
}

/** A saga as its stream says it is. */
export interface StoredSaga {
  readonly state: SagaState;
  /** Hash of the last event; the stream's name before the first. */
  readonly head: string;
  /** Global position of the last event, 0 before the first and where the store cannot tell. */
  readonly position: number;
  /** The key of its payloads is gone: what is in the state instead of them must reach nobody. */
  readonly dropped: boolean;
  /** Payloads were sealed, and there was no codec to open them. */
  readonly sealed: boolean;
}

/** The state of a saga with all that is stored of it. Throws `history-unreadable`, `payload-unreadable`. */
export async function loadSaga(store: EventStore, sagaId: string, codec?: PayloadCodec): Promise<StoredSaga> {
  if (!isSagaStream(sagaId)) throw new SkaldError('history-unreadable', { stream: sagaId, revision: 0, problem: 'it is no saga’s stream' });
  let state = initialState();
  let last: RecordedEvent | undefined;
  let dropped = false;
  let sealed = false;
  for (;;) {
    const page = await store.read(sagaId, { from: state.revision + 1, limit: PAGE });
    const decoded = page.map((recorded) => ({ ...decodeEvent(recorded), revision: recorded.revision, recorded }));
    const opened = codec ? await openEvents(codec, sagaId, decoded) : { events: decoded, dropped: false };
    dropped ||= opened.dropped;
    sealed ||= codec === undefined && decoded.some(isSealed);
    for (const event of opened.events) state = evolved(state, event, event.recorded);
    last = page.at(-1) ?? last;
    if (page.length < PAGE) return { state, head: last?.hash ?? sagaId, position: last?.position ?? 0, dropped, sealed };
  }
}

/** Changes the state that it is given. Throws `history-unreadable`, also for an event that reads well and cannot be. */
export function evolveRecorded(state: SagaState, recorded: RecordedEvent): SagaState {
  return evolved(state, decodeEvent(recorded), recorded);
}

function evolved(state: SagaState, event: SagaEvent, { stream, revision }: RecordedEvent): SagaState {
  try {
    return evolve(state, event);
  } catch (cause) {
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
