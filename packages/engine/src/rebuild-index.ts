import { type EventStore, evolve, initialState, isEnded, type SagaIndex, type SagaState, type SagaSummary } from '@skald/kernel';
import { decodeEvent } from './event-codec.js';
import { summarize } from './summary.js';

const PAGE = 5_000;

/**
 * Brings an index that lags behind the store (deleted, or from a backup) up to its head: one pass over the events that it has not seen.
 * Answers how many those were. Sagas whose events it saw in part are read from their streams.
 */
export async function catchUpIndex(store: EventStore, index: SagaIndex): Promise<number> {
  const states = new Map<string, SagaState>();
  let position = await index.position();
  let seen = 0;
  for (;;) {
    const page = await store.readAll(position, PAGE);
    if (page.length === 0) return seen;
    const touched = new Map<string, SagaSummary>();
    for (const recorded of page) {
      const before = states.get(recorded.stream) ?? (await stateBefore(store, recorded.stream, recorded.revision));
      if (before.revision >= recorded.revision) continue;
      const state = evolve(before, decodeEvent(recorded));
      states.set(recorded.stream, state);
      touched.set(recorded.stream, summarize(state));
    }
    for (const [sagaId, summary] of touched) if (isEnded(summary.status)) states.delete(sagaId);
    position = page.at(-1)?.position ?? position;
    seen += page.length;
    await index.put([...touched.values()], position);
  }
}

async function stateBefore(store: EventStore, stream: string, revision: number): Promise<SagaState> {
  let state = initialState();
  while (state.revision + 1 < revision) {
    const page = await store.read(stream, { from: state.revision + 1, limit: Math.min(PAGE, revision - state.revision - 1) });
    if (page.length === 0) return state;
    for (const recorded of page) state = evolve(state, decodeEvent(recorded));
  }
  return state;
}

