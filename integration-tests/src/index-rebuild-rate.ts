/**
 * How fast an index is made anew from its events: `node integration-tests/dist/index-rebuild-rate.js [events]` after a build; prints JSON.
 * EventStoreDB is that of EVENTSTORE_URL, else the test server in a process of its own. Beside it, in the same run, a subscription that does
 * nothing with the same events: what is left to gain.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexProjection } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { variedSagas } from '@skald/testkit';
import { copied } from './copied-histories.js';
import { startEventStore } from './eventstoredb-server.js';

const EVENTS = Number(process.argv[2] ?? 60_000);
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), 'skald-rate-'));

const world = await variedSagas({ seed: 4, sagas: 60, bus: () => new InProcessBus() });
const model = await world.events.readAll(0, 100_000);
await world.stop();
const copies = Math.ceil(EVENTS / model.length);

async function seconds(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1_000;
}

async function onlyRead(store: EventStore, head: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const subscription = store.subscribe(0, async (events) => {
      if ((events.at(-1)?.position ?? 0) >= head) setImmediate(() => void subscription.stop().then(resolve));
    });
  });
}

async function rebuild(store: EventStore, cachedSagas: number): Promise<void> {
  const file = join(folder, 'index.db');
  rmSync(file, { force: true });
  const { index, close } = await openSqliteIndex({ file });
  const projection = new IndexProjection(store, index, { cachedSagas });
  projection.start();
  await projection.caughtUp();
  await projection.stop();
  await close();
}

async function measure(store: EventStore) {
  for (let copy = 0; copy < copies; copy++) await store.append(copied(model, copy));
  const head = await store.head();
  const best = async (work: () => Promise<void>): Promise<number> => {
    const rounds: number[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await seconds(work));
    return Math.round((copies * model.length) / Math.min(...rounds));
  };
  return {
    onlyRead: await best(() => onlyRead(store, head)),
    rebuilt: await best(() => rebuild(store, 20_000)),
    rebuiltWithFewStatesAtHand: await best(() => rebuild(store, 100)),
  };
}

const server = await startEventStore();
try {
  const sqlite = await openSqliteStore({ file: join(folder, 'events.db') });
  const sqliteRates = await measure(sqlite.events);
  await sqlite.close();
  const store = await connectEventStore({ connectionString: server.connectionString, prefix: `rate${Date.now()}.` });
  const report = {
    ...{ node: process.version, events: copies * model.length, sagas: copies * 60, unit: 'events/s, the best of 3 rounds' },
    sqlite: sqliteRates,
    eventstoredb: await measure(store),
  };
  await store.close();
  console.log(JSON.stringify(report, undefined, 2));
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
