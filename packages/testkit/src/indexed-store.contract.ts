import type { EventStore, SagaIndex, StreamWrite } from '@skald/kernel';
import { type ContractOptions, type ContractSubject, contract } from './contract.js';
import { madeUpEvents, madeUpStream, madeUpSummary } from './made-up-events.js';
import { expect } from './test-framework.contract.js';

/** An event store that keeps the index itself: a write's summary is stored with its events, or not at all. */
export type IndexedStoreSubject = ContractSubject<{ readonly events: EventStore; readonly index: SagaIndex }>;

export function indexedStoreContract(name: string, open: () => Promise<IndexedStoreSubject>, options: ContractOptions = {}): void {
  contract(`${name} keeps its index in step with its events`, open, options, (sentence) => {
    sentence('stores the summary of a write with its events, and moves the position', async ({ subject: { events, index } }) => {
      const stream = madeUpStream();
      await events.append([write(stream, -1, true)]);
      expect(await index.get(stream)).toEqual(madeUpSummary(stream, { owes: true }));
      expect(await index.position()).toBe(await events.head());
      await events.append([write(stream, 1, false)]);
      expect(await index.owing('', 10)).toEqual([]);
      expect(await index.position()).toBe(await events.head());
    });
    sentence('leaves the index as it is for a write without summary, and moves the position', async ({ subject: { events, index } }) => {
      const stream = madeUpStream();
      await events.append([{ stream, expectedRevision: -1, events: madeUpEvents(1) }]);
      expect(await index.get(stream)).toBeUndefined();
      expect(await index.position()).toBe(await events.head());
    });
    sentence('stores no summary of a write that conflicts', async ({ subject: { events, index } }) => {
      const [stream, other] = [madeUpStream(), madeUpStream()];
      await events.append([write(stream, 5, true), write(other, -1, true)]);
      expect(await index.get(stream)).toBeUndefined();
      expect(await index.get(other)).toBeDefined();
    });
    sentence('stores no summary of a repeat: it may be older than what the index says', async ({ subject: { events, index } }) => {
      const stream = madeUpStream();
      const first = write(stream, -1, true);
      await events.append([first]);
      await events.append([write(stream, 1, false)]);
      await events.append([first]);
      expect((await index.get(stream))?.owes).toBe(false);
    });
    sentence('leaves an index that is behind where it is, until it is rebuilt', async ({ subject: { events, index } }) => {
      const [stream, other] = [madeUpStream(), madeUpStream()];
      await events.append([write(stream, -1, true)]);
      await index.clear();
      await events.append([write(other, -1, true)]);
      expect(await index.position()).toBe(0);
      expect(await index.get(other)).toBeDefined();
      await index.put([madeUpSummary(stream)], await events.head());
      await events.append([write(other, 1, false)]);
      expect(await index.position()).toBe(await events.head());
    });
  });
}

function write(stream: string, expectedRevision: number, owes: boolean): StreamWrite {
  return { stream, expectedRevision, events: madeUpEvents(2), summary: madeUpSummary(stream, { owes }) };
}
