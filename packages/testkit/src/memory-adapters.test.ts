import { describe, expect, it } from '@jest/globals';
import { eventStoreContract } from './event-store.contract.js';
import { fenceContract } from './fence.contract.js';
import { indexedStoreContract } from './indexed-store.contract.js';
import { MemoryEventStore } from './memory-event-store.js';
import { MemoryFence } from './memory-fence.js';
import { MemorySagaIndex } from './memory-saga-index.js';
import { sagaIndexContract } from './saga-index.contract.js';

eventStoreContract('MemoryEventStore', async () => {
  const subject = new MemoryEventStore();
  return { subject, close: () => subject.close() };
});

sagaIndexContract('MemorySagaIndex', async () => ({ subject: new MemorySagaIndex(), close: async () => {} }));

indexedStoreContract('MemoryEventStore with an index', async () => {
  const index = new MemorySagaIndex();
  const events = new MemoryEventStore(index);
  return { subject: { events, index }, close: () => events.close() };
});

/** A fence whose clock can be put forward. */
function aging(kind: 'transactional' | 'external') {
  let ahead = 0;
  const fence = new MemoryFence({ kind, now: () => Date.now() + ahead });
  const age = async (milliseconds: number): Promise<void> => {
    ahead += milliseconds;
  };
  return { fence, age };
}

fenceContract('MemoryFence', async () => {
  const { fence: subject, age } = aging('transactional');
  return {
    subject,
    age,
    business: { write: async (value) => subject.data.set(value, true), read: async () => subject.data.keys() },
    close: async () => {},
  };
});

fenceContract('MemoryFence, external', async () => {
  const { fence: subject, age } = aging('external');
  return { subject, age, close: async () => {} };
});

describe('MemoryFence', () => {
  it('counts a record as written when it was last written, by the clock it is given', async () => {
    let now = 1_000;
    const fence = new MemoryFence({ now: () => now });
    await fence.session(async (session) => session.put('a', { type: 'sealed', doubt: false }));
    await fence.session(async (session) => session.put('b', { type: 'sealed', doubt: false }));
    now = 2_000;
    await fence.session(async (session) => session.put('a', { type: 'sealed', doubt: true }));
    now += 100 * 86_400_000;
    expect(await fence.prune(1_500)).toBe(1);
    expect(await fence.session(async (session) => session.get('a'))).toEqual({ type: 'sealed', doubt: true });
  });
});
