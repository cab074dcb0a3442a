import {
  type EventStore,
  evolve,
  initialState,
  isEnded,
  type RecordedEvent,
  type SagaIndex,
  type SagaState,
  type SagaSummary,
  SkaldError,
} from '@skald/kernel';
import { decodeEvent } from './event-codec.js';
import type { Observer } from './observer.js';
import { summarize } from './summary.js';

const PAGE = 5_000;

/**
 * Brings an index that lags behind the store (deleted, or from a backup) up to its head: one pass over the events that it has not seen.
 * Answers how many those were. Sagas whose events it saw in part are read from their streams. An index that is ahead belongs to another
 * store, or to a later state of this one: it is made anew. Sagas that cannot be read are left out, and told to `observer`.
 */
export async function catchUpIndex(store: EventStore, index: SagaIndex, observer: Observer = {}): Promise<number> {
  if ((await index.position()) > (await store.head())) await index.clear();
  const folds = new Folds(store, observer);
  let position = await index.position();
  let seen = 0;
  for (;;) {
    const page = await store.readAll(position, PAGE);
    if (page.length === 0) return seen;
    const touched = new Map<string, SagaSummary>();
    for (const recorded of page) {
      const state = await folds.apply(recorded);
      if (state) touched.set(recorded.stream, summarize(state));
    }
    for (const [sagaId, summary] of touched) if (isEnded(summary.status)) folds.forget(sagaId);
    position = page.at(-1)?.position ?? position;
    seen += page.length;
    await index.put([...touched.values()], position);
  }
}

/** States of the sagas whose events are passing. */
class Folds {
  private readonly states = new Map<string, SagaState>();
  private readonly unreadable = new Set<string>();

  constructor(
    private readonly store: EventStore,
    private readonly observer: Observer,
  ) {}

  /** The saga's state with this event; undefined where it knew the event, or cannot be read. */
  async apply(recorded: RecordedEvent): Promise<SagaState | undefined> {
    const { stream, revision } = recorded;
    if (this.unreadable.has(stream)) return undefined;
    try {
      const before = this.states.get(stream) ?? (await stateBefore(this.store, stream, revision));
      if (before.revision >= revision) return undefined;
      const state = evolve(before, decodeEvent(recorded));
      this.states.set(stream, state);
      return state;
    } catch (error) {
      if (!(error instanceof SkaldError && error.code === 'history-unreadable')) throw error;
      this.unreadable.add(stream);
      this.observer.troubled?.('a saga cannot be read and is missing in the index', error, stream);
      return undefined;
    }
  }

  forget(sagaId: string): void {
    this.states.delete(sagaId);
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
