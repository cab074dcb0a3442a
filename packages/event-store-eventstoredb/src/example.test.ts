import { expect, it } from '@jest/globals';
import { startTestServer } from '@skald/eventstoredb-test-server';
import { madeUpEvents } from '@skald/testkit';
import { connectEventStore } from './connect-event-store.js';

it('is used as the README shows', async () => {
  const server = await startTestServer();
  const { connectionString } = server;
  // #region use
  const store = await connectEventStore({
    connectionString, // esdb://user:password@a.example.com,b.example.com,c.example.com?tls=true
    prefix: 'shop.',
    sagas: ['order', 'return'],
    onTrouble: (what, error) => console.warn(what, error),
  });
  // #endregion
  await store.append([{ stream: 'order-42', expectedRevision: -1, events: madeUpEvents(2) }]);
  await store.append([{ stream: 'other-42', expectedRevision: -1, events: madeUpEvents(1) }]);
  const seen = await store.readAll(0, 10);
  expect(seen.map(({ stream, revision }) => [stream, revision])).toEqual([
    ['order-42', 0],
    ['order-42', 1],
  ]);
  expect(await store.head()).toBe(seen[1]?.position);
  await store.close();
  await server.stop();
});

it('tells its events from others’ in the same streams and beside them, without a list of sagas', async () => {
  // #region test-server
  const server = await startTestServer();
  const store = await connectEventStore({ connectionString: server.connectionString });
  server.inject({ on: 'append', reaction: 'cut', written: true });
  // #endregion
  const shared = await connectEventStore({ connectionString: server.connectionString, prefix: 'shop.' });
  await store.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(1) }]);
  await shared.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(1) }]);
  expect((await store.readAll(0, 10)).map(({ stream }) => stream)).toEqual(['order-1', 'shop.order-1']);
  expect((await shared.readAll(0, 10)).map(({ stream }) => stream)).toEqual(['order-1']);
  await Promise.all([store.close(), shared.close()]);
  await server.stop();
});
