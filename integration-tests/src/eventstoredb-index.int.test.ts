import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { IndexProjection, readHistory, stateOf, summarize } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import { startTestServer, type TestServer } from '@skald/eventstoredb-test-server';
import type { EventStore, RecordedEvent, SagaIndex, SagaSummary, StreamWrite } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { type EngineWorld, variedSagas } from '@skald/testkit';
import { copied } from './copied-histories.js';

let server: TestServer;
let folder: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), 'skald-index-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

let prefixes = 0;
const bus = () => new InProcessBus();

/** Each has what an event store of its own has: the server is told to give the events of one prefix only. */
async function openEventStoreDb(prefix = `test${++prefixes}.`): Promise<EventStore> {
  const store = await connectEventStore({ connectionString: server.connectionString, prefix, timeouts: { quiet: 2_000 } });
  closing.push(() => store.close());
  return store;
}

async function openSqlite(): Promise<EventStore> {
  const { events, close } = await openSqliteStore({ file: join(folder, `events${++prefixes}.db`) });
  closing.push(close);
  return events;
}

async function openIndex(name = `index${++prefixes}.db`): Promise<{ readonly index: SagaIndex; close(): Promise<void> }> {
  const opened = await openSqliteIndex({ file: join(folder, name) });
  closing.push(opened.close);
  return opened;
}

function project(store: EventStore, index: SagaIndex, cachedSagas = 20_000): IndexProjection {
  const projection = new IndexProjection(store, index, { cachedSagas });
  projection.start();
  closing.push(() => projection.stop());
  return projection;
}

async function rows(index: SagaIndex): Promise<readonly SagaSummary[]> {
  return (await index.list({ limit: 100_000 })).sagas;
}

/** What the streams add up to, in the order of the index that the world's store keeps. */
async function truth({ events, index }: EngineWorld): Promise<SagaSummary[]> {
  const known = await rows(index);
  return Promise.all(known.map(async ({ sagaId }) => summarize(stateOf(await readHistory(events, sagaId)))));
}

/** As they were written: one write at a time. */
function writesOf(events: readonly RecordedEvent[]): StreamWrite[] {
  const writes: { stream: string; expectedRevision: number; events: RecordedEvent[] }[] = [];
  for (const event of events) {
    const last = writes.at(-1);
    if (last?.stream === event.stream) last.events.push(event);
    else writes.push({ stream: event.stream, expectedRevision: event.revision - 1, events: [event] });
  }
  return writes;
}

describe.each([
  ['SQLite', openSqlite],
  ['EventStoreDB', () => openEventStoreDb()],
])('An index in a file, fed from %s', (name, openStore) => {
  it.each([1, 2, 3])('says of every saga what its stream says, whatever happened to it (seed %i)', async (seed) => {
    const world = await variedSagas({ seed, sagas: 80, bus });
    closing.push(() => world.stop());
    const store = await openStore();
    const writes = writesOf(await world.events.readAll(0, 100_000));
    const live = await openIndex();
    const following = project(store, live.index, 5);
    for (const [at, write] of writes.entries()) {
      const [outcome] = await store.append([write]);
      if (at % 25 === 0 && outcome?.type === 'appended') await following.caughtUp(outcome.position);
      if (at % 60 === 0) server.failSubscriptions('cut');
      if (at % 90 === 0) following.rebuild();
    }
    await following.caughtUp();
    const expected = await truth(world);
    expect(await rows(live.index)).toEqual(expected);
    expect((await following.lag()).milliseconds).toBe(0);
    const late = await openIndex();
    await project(store, late.index).caughtUp();
    expect(await rows(late.index)).toEqual(expected);
  });

  it('goes on after a stop where it was, and is made anew when it was deleted', async () => {
    const world = await variedSagas({ seed: 9, sagas: 30, bus });
    closing.push(() => world.stop());
    const store = await openStore();
    const writes = writesOf(await world.events.readAll(0, 100_000));
    const file = `kept${name}.db`;
    for (let part = 0; part < 6; part++) {
      for (const write of writes.slice((part * writes.length) / 6, ((part + 1) * writes.length) / 6)) await store.append([write]);
      if (part === 4) rmSync(join(folder, file));
      const { index, close } = await openSqliteIndex({ file: join(folder, file) });
      const before = await index.position();
      expect(before === 0).toBe(part === 0 || part === 4);
      const projection = new IndexProjection(store, index);
      projection.start();
      await projection.caughtUp();
      if (part === 5) expect(await rows(index)).toEqual(await truth(world));
      await projection.stop();
      await close();
    }
  });

  it('is read again from the events: so many a second', async () => {
    const world = await variedSagas({ seed: 4, sagas: 60, bus });
    closing.push(() => world.stop());
    const model = await world.events.readAll(0, 100_000);
    const store = await openStore();
    const COPIES = Math.ceil(20_000 / model.length);
    for (let copy = 0; copy < COPIES; copy++) await store.append(copied(model, copy));
    const { index } = await openIndex();
    const begun = performance.now();
    const projection = project(store, index);
    await projection.caughtUp();
    const seconds = (performance.now() - begun) / 1_000;
    const events = COPIES * model.length;
    process.stdout.write(`index of ${events} events in ${name} made anew: ${Math.round(events / seconds)} events/s\n`);
    expect(await rows(index)).toHaveLength(COPIES * 60);
  }, 120_000);
});

describe('Several managers, each with an index of its own', () => {
  it('see the same, each when it has caught up', async () => {
    const prefix = 'several.';
    const stores = await Promise.all([1, 2, 3].map(() => openEventStoreDb(prefix)));
    const indexes = await Promise.all([1, 2, 3].map(async () => (await openIndex()).index));
    const projections = stores.map((store, at) => project(store, indexes[at] as SagaIndex));
    const world = await variedSagas({ seed: 12, sagas: 40, bus });
    closing.push(() => world.stop());
    let position = 0;
    for (const [at, write] of writesOf(await world.events.readAll(0, 100_000)).entries()) {
      const [outcome] = (await stores[at % 3]?.append([write])) ?? [];
      if (outcome?.type === 'appended') position = outcome.position;
    }
    const expected = await truth(world);
    await Promise.all(projections.map((projection) => projection.caughtUp(position)));
    for (const index of indexes) expect(await rows(index)).toEqual(expected);
  });
});
