import type { Subscription } from '@skald/kernel';
import type { WatchedStore } from './event-store-choice.js';
import type { News } from './order-run.js';

/** Tells of every saga that moves after that position in a store that other processes write to. */
export function tellNews({ events, index, caughtUp }: WatchedStore, after: number, news: News): Subscription {
  return events.subscribe(after, async (recorded) => {
    // Else the index might still show how the saga stood before, and nothing more of it would come.
    await caughtUp();
    for (const sagaId of new Set(recorded.map(({ stream }) => stream))) {
      const summary = await index.get(sagaId);
      if (summary) news.heard(sagaId, summary.status);
    }
  });
}
