import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Reaction, startTestServer, type TestServer, type TestServerOptions } from '@skald/eventstoredb-test-server';
import type { EventStore, RecordedEvent, StreamWrite } from '@skald/kernel';
import { madeUpEvents, madeUpStream } from '@skald/testkit';
import { connectEventStore } from './connect-event-store.js';
import type { EventStoreOptions } from './store-options.js';

/** Jest fails a test in which a rejection is not handled; unhandled.int.test.ts does the same in a process of its own. */
const TIMEOUTS = { answer: 300, patience: 8_000, quiet: 500 };

const servers: TestServer[] = [];
const stores: EventStore[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  rmSync(folder, { recursive: true });
});

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer(options);
  servers.push(server);
  return server;
}

async function connect(server: TestServer, options: EventStoreOptions = {}): Promise<EventStore> {
  const { connectionString } = server;
  const store = await connectEventStore({ connectionString, ...options, timeouts: { ...TIMEOUTS, ...options.timeouts } });
  stores.push(store);
  return store;
}

function writes(count: number): StreamWrite[] {
  return Array.from({ length: count }, () => ({ stream: madeUpStream(), expectedRevision: -1, events: madeUpEvents(3) }));
}

function idsOf(batch: readonly StreamWrite[]): string[] {
  return batch.flatMap(({ events }) => events.map(({ id }) => id)).sort();
}

/** Nothing lost, nothing doubled. */
async function expectExactly(store: EventStore, batch: readonly StreamWrite[]): Promise<void> {
  const all = await store.readAll(0, 10_000);
  expect(all.map(({ id }) => id).sort()).toEqual(idsOf(batch));
  for (const { stream, events } of batch) expect((await store.read(stream)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
}

const REACTIONS: readonly Reaction[] = ['silence', 'cut', 'unavailable', 'cancelled', 'timeout', 'too-busy', 'not-leader'];

describe('Faults while appending', () => {
  for (const version of ['24.10.0', '20.10.5']) {
    for (const reaction of REACTIONS) {
      for (const written of [true, false]) {
        it(`${version}: ${reaction}, the events ${written ? 'stored' : 'not stored'}: every write is stored once, and says so`, async () => {
          const server = await serve({ version });
          const store = await connect(server);
          server.inject({ on: 'append', reaction, written, skip: 3, times: 2 });
          const batch = writes(12);
          const outcomes = await store.append(batch);
          expect(outcomes).toEqual(batch.map(() => expect.objectContaining({ type: 'appended', revision: 2 })));
          expect(server.faults.struck).toBe(2);
          await expectExactly(store, batch);
        });
      }
    }
  }

  for (const written of [true, false]) {
    it(`killed with the events ${written ? 'stored' : 'not stored'}, and started again: every write is stored once`, async () => {
      const first = await serve({ data: folder });
      const { port } = first.endpoint;
      const store = await connect(first);
      const batch = writes(30);
      first.inject({ on: 'append', reaction: 'kill', written, skip: 11 });
      const appending = store.append(batch);
      while (first.faults.struck === 0) await new Promise((resolve) => setImmediate(resolve));
      await first.stop();
      await serve({ data: folder, port });
      expect((await appending).map(({ type }) => type)).toEqual(batch.map(() => 'appended'));
      await expectExactly(store, batch);
    });
  }

  it('a connection that takes everything and answers nothing is given up for another', async () => {
    const server = await serve();
    const store = await connect(server);
    await store.append(writes(1));
    server.freeze();
    expect(await store.append(writes(1))).toMatchObject([{ type: 'appended' }]);
  });

  it('an outcome that stays unknown is told, and the same write later finds what became of it', async () => {
    const server = await serve();
    const store = await connect(server, { timeouts: { answer: 50, patience: 200 } });
    server.inject({ on: 'append', reaction: 'silence', written: true, times: Number.POSITIVE_INFINITY });
    const batch = writes(2);
    expect(await store.append(batch)).toMatchObject([{ type: 'unknown', error: { code: 'store-unreachable' } }, { type: 'unknown' }]);
    server.faults.clear();
    expect(await store.append(batch)).toMatchObject([{ type: 'appended', revision: 2 }, { type: 'appended' }]);
    await expectExactly(store, batch);
  });

  it('a server that is down: the batch is rejected, nothing was stored, and the same call succeeds when it is up', async () => {
    const first = await serve({ data: folder });
    const { port } = first.endpoint;
    const store = await connect(first, { timeouts: { patience: 300 } });
    await first.stop();
    await expect(store.read('until the connection is known to be gone')).rejects.toMatchObject({ code: 'store-unreachable' });
    const batch = writes(3);
    await expect(store.append(batch)).rejects.toMatchObject({ code: 'store-unreachable', retryable: true });
    await serve({ data: folder, port });
    expect(await store.append(batch)).toMatchObject(batch.map(() => ({ type: 'appended' })));
    await expectExactly(store, batch);
  });

  it('a tombstone is no conflict', async () => {
    const server = await serve();
    const store = await connect(server);
    const [write] = writes(1) as [StreamWrite];
    await store.append([write]);
    const client = EventStoreDBClient.connectionString(server.connectionString);
    await client.tombstoneStream(write.stream);
    await client.dispose();
    await expect(store.append([{ ...write, expectedRevision: 2 }])).rejects.toMatchObject({ code: 'stream-deleted' });
    await expect(store.read(write.stream)).rejects.toMatchObject({ code: 'stream-deleted' });
  });
});

describe('Faults of the cluster', () => {
  it('goes to the leader that a follower names', async () => {
    const [follower, leader] = [await serve(), await serve()];
    follower.follow(leader.endpoint);
    const store = await connect(follower);
    const before = leader.length;
    const batch = writes(5);
    expect((await store.append(batch)).map(({ type }) => type)).toEqual(batch.map(() => 'appended'));
    expect(leader.length).toBe(before + 15);
    await expectExactly(store, batch);
  });

  it('A2, R2: reads what the leader has, never what a follower has so far', async () => {
    const [follower, leader] = [await serve(), await serve()];
    const [behind, ahead] = [await connect(follower), await connect(leader)];
    const [first, second] = [writes(1), writes(1)];
    // The follower has the first of them, and will hear of the second.
    for (const store of [behind, ahead]) await store.append(first);
    await ahead.append(second);
    follower.follow(leader.endpoint);
    const stale = await connect(follower);
    await expectExactly(stale, [...first, ...second]);
  });

  it('finds the leader by gossip, and the next one when that is gone', async () => {
    const [a, b] = [await serve(), await serve()];
    a.follow(b.endpoint);
    const seeds = [a, b].map(({ endpoint }) => `${endpoint.host}:${endpoint.port}`).join(',');
    const store = await connect(a, { connectionString: `esdb://${seeds}?tls=false&discoveryInterval=20` });
    await store.append(writes(2));
    await b.stop();
    a.follow(undefined);
    const batch = writes(2);
    expect(await store.append(batch)).toMatchObject([{ type: 'appended' }, { type: 'appended' }]);
    await expectExactly(store, batch);
  });

  it('waits at start for a server that is not there yet', async () => {
    const first = await serve();
    const { port } = first.endpoint;
    const { connectionString } = first;
    await first.stop();
    let troubles = 0;
    let connecting: Promise<EventStore> | undefined;
    await new Promise<void>((resolve) => {
      connecting = connectEventStore({ connectionString, timeouts: TIMEOUTS, onTrouble: () => ++troubles > 1 && resolve() });
    });
    const second = await serve({ port });
    second.inject({ on: 'features', reaction: 'unavailable' });
    const store = await connecting;
    if (store) stores.push(store);
    expect(await store?.head()).toBe(0);
  });
});

describe('Faults while reading', () => {
  for (const reaction of ['silence', 'cut', 'unavailable', 'cancelled', 'timeout', 'not-leader'] as const) {
    it(`${reaction}: the read is made again`, async () => {
      const server = await serve();
      const store = await connect(server);
      const batch = writes(2);
      await store.append(batch);
      server.inject({ on: 'read', reaction, stream: 'contract-' });
      expect(await store.read(batch[0]?.stream ?? '')).toHaveLength(3);
      server.inject({ on: 'read', reaction: reaction === 'silence' ? 'unavailable' : reaction, stream: '$all' });
      expect(await store.readAll(0, 100)).toHaveLength(6);
    });
  }
});

describe('Faults of subscriptions', () => {
  for (const reaction of ['silence', 'cut', 'unavailable', 'cancelled', 'too-slow', 'not-leader'] as const) {
    for (const after of [0, 5]) {
      it(`${reaction} after ${after} events: goes on after the last one, without a gap or a duplicate`, async () => {
        const server = await serve();
        const store = await connect(server);
        const early = writes(4);
        await store.append(early);
        server.inject({ on: 'subscription', reaction, after, times: 2 });
        const { seen, reaches } = follow(store);
        const late = writes(4);
        await store.append(late);
        await reaches(24);
        expect(seen.map(({ id }) => id).sort()).toEqual(idsOf([...early, ...late]));
        expect(seen).toEqual(await store.readAll(0, 100));
      });
    }
  }

  it('goes on when the server was killed and started again, and when live subscriptions are dropped', async () => {
    const first = await serve({ data: folder });
    const { port } = first.endpoint;
    const store = await connect(first);
    const { seen, reaches } = follow(store);
    await store.append(writes(3));
    await reaches(9);
    first.kill();
    await first.stop();
    const second = await serve({ data: folder, port });
    await store.append(writes(3));
    await reaches(18);
    second.failSubscriptions('too-slow');
    await store.append(writes(1));
    await reaches(21);
    expect(seen).toEqual(await store.readAll(0, 100));
  });
});

function follow(store: EventStore) {
  const seen: RecordedEvent[] = [];
  let wake = (): void => {};
  store.subscribe(0, async (events) => {
    seen.push(...events);
    wake();
  });
  const reaches = async (count: number): Promise<void> => {
    while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { seen, reaches };
}

describe('Other things in the process', () => {
  it('another client of it that fails touches no append of ours', async () => {
    const [ours, theirs] = [await serve(), await serve()];
    const troubles: unknown[] = [];
    const store = await connect(ours, { onTrouble: (what) => troubles.push(what) });
    const client = EventStoreDBClient.connectionString(theirs.connectionString);
    await client.appendToStream('warm-up', jsonEvent({ type: 'x', data: {} }));
    theirs.inject({ on: 'append', reaction: 'cut', skip: 5 });
    const failing = Array.from({ length: 10 }, () => client.appendToStream(madeUpStream(), jsonEvent({ type: 'x', data: {} })));
    const batch = writes(10);
    const [outcomes, failures] = await Promise.all([store.append(batch), Promise.allSettled(failing)]);
    expect(outcomes.map(({ type }) => type)).toEqual(batch.map(() => 'appended'));
    expect(failures.some(({ status }) => status === 'rejected')).toBe(true);
    expect(troubles).toEqual([]);
    await client.dispose();
  });

  it('K3: nothing is left of a store that is closed, and its calls end', async () => {
    const server = await serve();
    const store = await connect(server, { timeouts: { patience: 60_000 } });
    server.inject({ on: 'append', reaction: 'silence', times: Number.POSITIVE_INFINITY });
    store.subscribe(0, async () => {});
    const appending = store.append(writes(2));
    await store.close();
    const closed = { type: 'unknown', error: { code: 'store-closed' } };
    expect(await appending).toMatchObject([closed, closed]);
    while (server.connections > 0) await once(server.disconnections, 'disconnected');
  });
});
