import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '@skald/eventstoredb-test-server';
import type { EventStore, RecordedEvent } from '@skald/kernel';
import { madeUpEvent, madeUpEvents } from '@skald/testkit';
import { connectEventStore } from './connect-event-store.js';

let server: TestServer;
let client: EventStoreDBClient;
let store: EventStore;

beforeEach(async () => {
  server = await startTestServer({ categories: true });
  client = EventStoreDBClient.connectionString(server.connectionString);
  store = await connectEventStore({ connectionString: server.connectionString });
});
afterEach(async () => {
  await store.close();
  await client.dispose();
  await server.stop();
});

const foreign = (count: number) =>
  Array.from({ length: count }, (_, n) => jsonEvent({ type: 'Theirs', data: { n }, metadata: { skald: 1 } }));

describe('On a server that others use too', () => {
  it('reads and follows only what Skald wrote, over any number of others’ events', async () => {
    await client.appendToStream('theirs-1', foreign(120), { expectedRevision: NO_STREAM });
    expect([await store.head(), await store.readAll(0, 10)]).toEqual([0, []]);
    await store.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(3) }]);
    await client.appendToStream('theirs-2', foreign(1_100), { expectedRevision: NO_STREAM });
    await store.append([{ stream: 'order-1', expectedRevision: 2, events: madeUpEvents(2) }]);
    await client.appendToStream('theirs-3', foreign(50), { expectedRevision: NO_STREAM });
    const mine = await store.read('order-1');
    expect(await store.readAll(0, 100)).toEqual(mine);
    expect(await store.readAll(0, 4)).toEqual(mine.slice(0, 4));
    expect(await store.readAll(mine[1]?.position ?? 0, 2)).toEqual(mine.slice(2, 4));
    expect(await store.head()).toBe(mine[4]?.position);
    const seen: RecordedEvent[] = [];
    await new Promise<void>((resolve) => {
      store.subscribe(0, async (events) => {
        if (seen.push(...events) === 5) resolve();
      });
    });
    expect(seen).toEqual(mine);
  });

  it('E1, E2: what it stores is JSON to the server and to other clients', async () => {
    const event = { ...madeUpEvent('{"order": 1}'), metadata: '{"at":1, "cause":"start"}' };
    await store.append([{ stream: 'order-1', expectedRevision: -1, events: [event] }]);
    for await (const { event: read } of client.readStream('order-1')) {
      expect(read).toMatchObject({ id: event.id, type: event.type, isJson: true, data: { order: 1 } });
      expect(read?.metadata).toEqual({ skald: event.hash, metadata: { at: 1, cause: 'start' } });
    }
  });

  it('does not take a history with others’ events, or with a hole, for the whole', async () => {
    await store.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(4) }]);
    await client.appendToStream('order-1', foreign(1), { expectedRevision: 3n });
    await expect(store.read('order-1')).rejects.toMatchObject({ code: 'history-unreadable', details: { stream: 'order-1', revision: 4 } });
    await client.setStreamMetadata('order-1', { truncateBefore: 2 });
    await expect(store.read('order-1')).rejects.toMatchObject({ code: 'history-unreadable', details: { revision: 0 } });
    expect(await store.read('order-1', { from: 2, limit: 2 })).toHaveLength(2);
  });

  it('knows no positions in streams on servers before 22.10, and says 0', async () => {
    const old = await startTestServer({ version: '21.10.0' });
    const there = await connectEventStore({ connectionString: old.connectionString });
    await there.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(1) }]);
    expect((await there.read('order-1')).map(({ position }) => position)).toEqual([0]);
    expect(await there.readAll(0, 10)).toMatchObject([{ position: await there.head() }]);
    await there.close();
    await old.stop();
  });
});
