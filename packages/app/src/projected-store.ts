import type { EventStore, SagaIndex } from '@skald/kernel';
import type { SagaStore } from './wiring.js';

/**
 * Events in a store that keeps no index, and an index that is fed from them while Skald runs:
 * `store: () => projectedStore(connectEventStore({ … }), openSqliteIndex({ file }))`.
 * Rejects with what opening one of the two rejects with; none is open then.
 */
export async function projectedStore(
  opening: Promise<EventStore>,
  openingIndex: Promise<{ readonly index: SagaIndex; close(): Promise<void> }>,
): Promise<SagaStore> {
  const [events, own] = await Promise.allSettled([opening, openingIndex]);
  if (events.status === 'fulfilled' && own.status === 'fulfilled') {
    const close = async (): Promise<void> => {
      await events.value.close().finally(() => own.value.close());
    };
    return { events: events.value, index: own.value.index, close };
  }
  for (const opened of [events, own]) if (opened.status === 'fulfilled') await opened.value.close();
  throw [events, own].find((one) => one.status === 'rejected')?.reason;
}
