/**
 * States of sagas at hand.
 *
 * Invariants
 * V1  A state is a fold over the stored stream; a decision whose events were not stored drops it.
 * V2  `published` is the revision up to which this owner has put the commands of a saga on the bus: unknown (-1) at first, so that whatever
 *     input comes next sends again what is owed, once. It is remembered longer than the state: else, with more sagas than fit, every input
 *     would send again what is in flight, and the answers to that would be the next inputs.
 * V3  Memory is bounded by what states weigh, and not by their number alone; the one that was used last is kept whatever it weighs.
 */
import { type EventStore, initialState, type PayloadCodec, type SagaState, type SagaSummary, SkaldError } from '@skald/kernel';
import { loadSaga } from './history.js';
import { weightOf } from './state-weight.js';

export interface Activated {
  state: SagaState;
  /** Hash of the last stored event; the stream's name before the first. */
  head: string;
  /** Global position of the last stored event, as far as the store tells it; else 0. */
  position: number;
  published: number;
  /** The key of its payloads is gone: nothing of it may be sent. */
  readonly dropped: boolean;
  /** What the index says of it, as far as this owner knows. */
  indexed: SagaSummary | undefined;
  /** For how many it counts, as long as it is kept. */
  weight: number;
}

/** Sagas whose `published` is remembered, for each one whose state is. */
const REMEMBERED = 10;

export class Activation {
  private readonly cache = new Map<string, Activated>();
  private readonly published = new Map<string, number>();
  private weight = 0;

  constructor(
    private readonly store: EventStore,
    private readonly capacity: number,
    private readonly codec?: PayloadCodec,
  ) {}

  /** At hand, without reading. */
  cached(sagaId: string): Activated | undefined {
    const found = this.cache.get(sagaId);
    if (found) {
      this.cache.delete(sagaId);
      this.cache.set(sagaId, found);
    }
    return found;
  }

  /** The state at hand, by the way: only to be looked at. */
  peek(sagaId: string): SagaState | undefined {
    return this.cache.get(sagaId)?.state;
  }

  /** As it is when nothing is stored of it. */
  fresh(sagaId: string): Activated {
    return { state: initialState(), head: sagaId, position: 0, published: -1, dropped: false, indexed: undefined, weight: 0 };
  }

  async load(sagaId: string): Promise<Activated> {
    const { sealed, ...stored } = await loadSaga(this.store, sagaId, this.codec);
    // What stands in the place of payloads must not be decided on, nor sent to anybody.
    if (sealed) {
      const problem = 'its payloads are encrypted, and there is no codec here';
      throw new SkaldError('history-unreadable', { stream: sagaId, revision: stored.state.revision, problem });
    }
    return { ...stored, published: this.published.get(sagaId) ?? -1, indexed: undefined, weight: 0 };
  }

  /** Have other events been stored than this state knows of? */
  async isStale(sagaId: string, { state }: Activated): Promise<boolean> {
    const beyond = await this.store.read(sagaId, { from: state.revision + 1, limit: 1 });
    return beyond.length > 0;
  }

  keep(sagaId: string, activated: Activated): void {
    this.remove(sagaId);
    activated.weight = weightOf(activated.state);
    this.cache.set(sagaId, activated);
    this.weight += activated.weight;
    for (const oldest of this.cache.keys()) {
      if (this.weight <= this.capacity || this.cache.size === 1) return;
      this.drop(oldest);
    }
  }

  /** Forgets all of the sagas that do not fit, also up to where they were published: they are another owner's. */
  keepOnly(fits: (sagaId: string) => boolean): void {
    for (const sagaId of this.cache.keys()) if (!fits(sagaId)) this.remove(sagaId);
    for (const sagaId of this.published.keys()) if (!fits(sagaId)) this.published.delete(sagaId);
  }

  drop(sagaId: string): void {
    const published = this.cache.get(sagaId)?.published ?? -1;
    this.remove(sagaId);
    if (published < 0) return;
    this.published.delete(sagaId);
    this.published.set(sagaId, published);
    for (const oldest of this.published.keys()) {
      if (this.published.size <= this.capacity * REMEMBERED) return;
      this.published.delete(oldest);
    }
  }

  /** It has ended: nothing is owed any more, and seldom is anything asked. */
  forget(sagaId: string): void {
    this.remove(sagaId);
    this.published.delete(sagaId);
  }

  private remove(sagaId: string): void {
    this.weight -= this.cache.get(sagaId)?.weight ?? 0;
    this.cache.delete(sagaId);
  }
}
