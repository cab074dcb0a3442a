/**
 * How fast the adapter is beside the bare client doing the same appends in the same run: `node packages/event-store-eventstoredb/bench/store.ts
 * [writes]` after a build; prints JSON. Against the server of EVENTSTORE_URL, else the test server in a process of its own, in memory: what is
 * compared is the two clients, not servers.
 */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import type { EventStore, NewEvent, StreamWrite } from '@skald/kernel';

const WRITES = Number(process.argv[2] ?? 10_000);
const ROUNDS = 3;
/** Writes of one micro-batch of the engine. */
const BATCH = 250;
const DATA = { step: 'reserveStock', round: 1, attempt: 1, result: { id: 'r-123456', lines: [1, 2, 3] } };
const METADATA = { at: 1_700_000_000_000, cause: 'reply', format: 1 };

function event(): NewEvent {
  const id = randomUUID();
  const hash = createHash('sha256').update(id).digest('hex');
  return { id, type: 'StepSucceeded', data: JSON.stringify(DATA), metadata: JSON.stringify(METADATA), hash };
}

function batches(length: number): StreamWrite[][] {
  const write = (): StreamWrite => ({ stream: `bench-${randomUUID()}`, expectedRevision: -1, events: Array.from({ length }, event) });
  return Array.from({ length: Math.ceil(WRITES / length / BATCH) }, () => Array.from({ length: BATCH }, write));
}

/** Appends in a second. */
async function rate(planned: readonly StreamWrite[][], append: (writes: readonly StreamWrite[]) => Promise<void>): Promise<number> {
  const start = performance.now();
  for (const writes of planned) await append(writes);
  return (planned.length * BATCH * 1_000) / (performance.now() - start);
}

function throughAdapter(store: EventStore) {
  return async (writes: readonly StreamWrite[]): Promise<void> => {
    const outcomes = await store.append(writes);
    if (outcomes.some(({ type }) => type !== 'appended')) throw new Error('not appended');
  };
}

/** What the adapter is given as texts, the client is given as values; its own work begins there. */
function throughClient(client: EventStoreDBClient) {
  return async (writes: readonly StreamWrite[]): Promise<void> => {
    const appends = writes.map(({ stream, events }) => {
      const given = events.map(({ id, type, hash }) => jsonEvent({ id, type, data: DATA, metadata: { skald: hash, metadata: METADATA } }));
      return client.appendToStream(stream, given, { expectedRevision: NO_STREAM });
    });
    await Promise.all(appends);
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function compare(store: EventStore, client: EventStoreDBClient, length: number) {
  const rates: { readonly adapter: number; readonly client: number }[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const adapter = await rate(batches(length), throughAdapter(store));
    const bare = await rate(batches(length), throughClient(client));
    // The first is for the compiler.
    if (round > 0) rates.push({ adapter, client: bare });
  }
  const [adapter, bare] = [median(rates.map((one) => one.adapter)), median(rates.map((one) => one.client))];
  return {
    eventsAWrite: length,
    adapter: { appendsPerSecond: Math.round(adapter), eventsPerSecond: Math.round(adapter * length) },
    client: { appendsPerSecond: Math.round(bare), eventsPerSecond: Math.round(bare * length) },
    ratio: Math.round((100 * adapter) / bare) / 100,
  };
}

async function reading(store: EventStore) {
  const start = performance.now();
  let events = 0;
  for (let position = 0; events < 20_000; ) {
    const page = await store.readAll(position, 1_000);
    if (page.length === 0) break;
    events += page.length;
    position = page.at(-1)?.position ?? position;
  }
  const readAll = Math.round((events * 1_000) / (performance.now() - start));
  const begun = performance.now();
  let seen = 0;
  await new Promise<void>((resolve) => {
    const subscription = store.subscribe(0, async (batch) => {
      seen += batch.length;
      if (seen >= events) void subscription.stop().then(resolve);
    });
  });
  return { readAllEventsPerSecond: readAll, subscriptionEventsPerSecond: Math.round((seen * 1_000) / (performance.now() - begun)) };
}

const url = process.env['EVENTSTORE_URL'];
const bin = fileURLToPath(new URL('../../eventstoredb-test-server/dist/bin.js', import.meta.url));
const server = url === undefined ? spawn(process.execPath, [bin, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] }) : undefined;
const connectionString = url ?? /esdb:\S+/.exec(String(await once(server?.stdout ?? process, 'data')))?.[0] ?? '';
const store = await connectEventStore({ connectionString });
const client = EventStoreDBClient.connectionString(connectionString);
try {
  const report = {
    ...{ node: process.version, server: url === undefined ? 'test server' : 'real', batch: BATCH },
    oneEventAWrite: await compare(store, client, 1),
    fourEventsAWrite: await compare(store, client, 4),
    reading: await reading(store),
  };
  console.log(JSON.stringify(report, undefined, 2));
} finally {
  await store.close();
  await client.dispose();
  server?.kill();
}
