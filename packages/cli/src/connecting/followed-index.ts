import { IndexProjection } from '@skald/engine';
import type { EventStore, SagaIndex } from '@skald/kernel';
import { wordsOf } from '../error-words.js';
import { Trouble } from '../trouble.js';

/** Milliseconds without any progress after which nobody waits any longer, and how often it is looked. */
const STILL_FOR = 20_000;
const LOOK_EVERY = 1_000;

/** An index that is fed from the events for as long as the command runs. */
export class FollowedIndex {
  private readonly projection: IndexProjection;
  private readonly unreadable = new Map<string, unknown>();
  private told = 0;
  private problem: unknown;

  constructor(
    events: EventStore,
    readonly index: SagaIndex,
    private readonly note: (line: string) => void,
    private readonly stillFor = STILL_FOR,
  ) {
    const troubled = (_what: string, error: unknown, sagaId?: string): void => {
      if (sagaId !== undefined) this.unreadable.set(sagaId, error);
      else this.problem = error;
    };
    this.projection = new IndexProjection(events, index, { observers: [{ troubled }] });
    this.projection.start();
  }

  /** Resolves when it shows what was stored at `position` (default: now). Rejects with `Trouble` where it stands still. */
  async shows(position?: number): Promise<void> {
    const given = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const still = new Promise<never>((_, reject) => {
      let [at, since] = [this.projection.position, Date.now()];
      timer = setInterval(() => {
        if (this.projection.position !== at) [at, since] = [this.projection.position, Date.now()];
        else if (Date.now() - since >= this.stillFor) reject(this.standsStill(at));
      }, LOOK_EVERY);
    });
    try {
      await Promise.race([this.projection.caughtUp(position, given.signal), still]);
    } finally {
      clearInterval(timer);
      given.abort();
    }
    await this.tellMissing();
  }

  /** On one line: there may be as many as there are sagas. */
  private async tellMissing(): Promise<void> {
    const [first] = this.unreadable;
    if (!first || this.unreadable.size === this.told) return;
    this.told = this.unreadable.size;
    const [stream, error] = first;
    const others = this.told === 1 ? '' : `, and ${this.told - 1} more`;
    // Another Skald's, with its own prefix before them, look like this.
    const isAll = (await this.index.list({ limit: 1 })).sagas.length === 0;
    const hint = isAll ? ' No saga could be read: is the prefix of the store right (store.prefix, SKALD_EVENTSTORE_PREFIX)?' : '';
    this.note(`missing in lists: ${stream}${others}. ${wordsOf(error).message}${hint}`);
  }

  stop(): Promise<void> {
    return this.projection.stop();
  }

  private standsStill(position: number): Trouble {
    const { problem } = this;
    const why = problem === undefined ? '' : `: ${wordsOf(problem).message}`;
    const fix = 'See whether the event store is well. What needs no list works without: skald show, skald history.';
    return new Trouble('index-stands-still', `The events after position ${Math.max(0, position)} cannot be followed${why}.`, fix);
  }
}
