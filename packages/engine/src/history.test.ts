import { describe, expect, it } from '@jest/globals';
import type { SagaEvent } from '@skald/kernel';
import { MemoryEventStore, SteeredStore } from '@skald/testkit';
import { encodeEvents } from './event-codec.js';
import { readHistory, stateOf } from './history.js';

const STARTED: SagaEvent = {
  type: 'SagaStarted',
  at: 1,
  data: { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'a', input: {}, inputHash: 'h', request: 'r' },
};

async function storeWith(events: number): Promise<SteeredStore> {
  const store = new SteeredStore(new MemoryEventStore());
  const later = Array.from(
    { length: events - 1 },
    (_, i): SagaEvent => ({ type: 'DeadlinePassed', at: 2 + i, data: { pastPivot: false } }),
  );
  await store.append([{ stream: 'order-1', expectedRevision: -1, events: encodeEvents([STARTED, ...later], 'start', 'order-1') }]);
  return store;
}

describe('A history', () => {
  it.each([1, 999, 1_000, 1_001, 2_500])('of %i events is read whole, each with its revision and hash', async (count) => {
    const events = await readHistory(await storeWith(count), 'order-1');
    expect(events.map(({ revision }) => revision)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(new Set(events.map(({ hash }) => hash)).size).toBe(count);
    expect(stateOf(events)).toMatchObject({ sagaId: 'order-1', revision: count - 1 });
  });

  it.each([0, 998, 999, 1_000, 1_700])('is read up to revision %i', async (until) => {
    expect((await readHistory(await storeWith(2_000), 'order-1', until)).at(-1)?.revision).toBe(until);
  });

  it('that is not there is saga-not-found', async () => {
    await expect(readHistory(await storeWith(1), 'order-2')).rejects.toMatchObject({
      code: 'saga-not-found',
      details: { sagaId: 'order-2' },
    });
  });

  it('that is damaged is history-unreadable, with stream and revision', async () => {
    const store = await storeWith(3);
    store.onRead = (_stream, events) => events.map((event) => (event.revision === 2 ? { ...event, data: 'x' } : event));
    await expect(readHistory(store, 'order-1')).rejects.toMatchObject({
      code: 'history-unreadable',
      details: { stream: 'order-1', revision: 2 },
    });
  });
});
