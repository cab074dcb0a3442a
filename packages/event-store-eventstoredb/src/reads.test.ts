import { expect, it } from '@jest/globals';
import { startTestServer } from '@skald/eventstoredb-test-server';
import { madeUpEvents, madeUpStream } from '@skald/testkit';
import { connectEventStore } from './connect-event-store.js';

it('R1: thousands of reads at once are all answered, though each has little time', async () => {
  const server = await startTestServer();
  const troubles: string[] = [];
  const store = await connectEventStore({
    connectionString: server.connectionString,
    timeouts: { answer: 1_500, patience: 3_000 },
    onTrouble: (what) => void troubles.push(what),
  });
  const streams = Array.from({ length: 20 }, madeUpStream);
  await store.append(streams.map((stream) => ({ stream, expectedRevision: -1, events: madeUpEvents(10) })));
  const reads = Array.from({ length: 2_000 }, (_, at) => store.read(streams[at % 20] ?? ''));
  for (const read of reads) expect(await read).toHaveLength(10);
  expect(troubles).toEqual([]);
  const late = store.read(streams[0] ?? '');
  const closed = store.close();
  await late.catch((error: unknown) => expect(error).toMatchObject({ code: 'store-closed' }));
  await closed;
  await server.stop();
}, 60_000);
