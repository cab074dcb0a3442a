/**
 * States of sagas at hand.
 *
 * Invariants
 * V1  A state is a fold over the stored stream; a decision whose events were not stored drops it.
 * V2  `published` is the revision up to which the commands of this saga are known to be with the bus: unknown (-1) after loading, so that
 *     whatever input comes next sends again what is owed, once.
 */
import { type EventStore, evolve, initialState, type SagaState, type SagaSummary } from '@skald/kernel';
import { decodeEvent } from './event-codec.js';

export interface Activated {
  state: SagaState;
  /** Hash of the last stored event; the stream's name before the first. */
  head: string;
  published: number;
  /** What the index says of it, as far as this owner knows. */
  indexed: SagaSummary | undefined;
}

const PAGE = 1_000;

export class Activation {
  private readonly cache = new Map<string, Activated>();

  constructor(
    private readonly store: EventStore,
    private readonly capacity: number,
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

  /** As it is when nothing is stored of it. */
  fresh(sagaId: string): Activated {
    return { state: initialState(), head: sagaId, published: -1, indexed: undefined };
  }

  async load(sagaId: string): Promise<Activated> {
    const activated = this.fresh(sagaId);
    for (;;) {
      const page = await this.store.read(sagaId, { from: activated.state.revision + 1, limit: PAGE });
      for (const recorded of page) activated.state = evolve(activated.state, decodeEvent(recorded));
      activated.head = page.at(-1)?.hash ?? activated.head;
      if (page.length < PAGE) return activated;
    }
  }

  keep(sagaId: string, activated: Activated): void {
    this.cache.set(sagaId, activated);
    for (const oldest of this.cache.keys()) {
      if (this.cache.size <= this.capacity) return;
      this.cache.delete(oldest);
    }
  }

  drop(sagaId: string): void {
    this.cache.delete(sagaId);
  }
}
