import type { SagaStore } from '@skald/app';
import type { Subscription } from '@skald/kernel';
import type { News } from './order-run.js';

/** Tells of every saga that moves after that position in a store that other processes write to. */
export function tellNews({ events, index }: SagaStore, after: number, news: News): Subscription {
  return events.subscribe(after, async (recorded) => {
    for (const sagaId of new Set(recorded.map(({ stream }) => stream))) {
      const summary = await index.get(sagaId);
      if (summary) news.heard(sagaId, summary.status);
    }
  });
}
