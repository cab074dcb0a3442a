import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANY, EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Journal } from './journal.js';
import { collect, errorOf, idsOf, someEvents, someStream } from './protocol-suite/suite-target.js';
import { RecentIds } from './recent-ids.js';
import { startTestServer, type TestServer } from './test-server.js';

let folder: string;
let server: TestServer | undefined;
let client: EventStoreDBClient | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
});
afterEach(async () => {
  await client?.dispose();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

async function restart(): Promise<EventStoreDBClient> {
  await client?.dispose();
  await server?.stop();
  server = await startTestServer({ data: folder });
  client = EventStoreDBClient.connectionString(server.connectionString);
  return client;
}

describe('A test server with a folder', () => {
  it('J1: has everything again after a restart: events, positions, limits, deletions and tombstones', async () => {
    const [kept, cut, gone, dead] = [someStream(), someStream(), someStream(), someStream()];
    const before = await restart();
    for (const stream of [kept, cut, gone, dead]) await before.appendToStream(stream, someEvents(3), { expectedRevision: NO_STREAM });
    await before.setStreamMetadata(cut, { maxCount: 1 });
    await before.deleteStream(gone);
    await before.tombstoneStream(dead);
    const all = await collect(before.readAll());
    const after = await restart();
    expect(await collect(after.readAll())).toEqual(all);
    expect([(await idsOf(after, kept)).length, (await idsOf(after, cut)).length]).toEqual([3, 1]);
    expect(await errorOf(idsOf(after, gone))).toMatchObject({ type: 'stream-not-found' });
    expect(await errorOf(idsOf(after, dead))).toMatchObject({ type: 'stream-deleted' });
    const { position } = await after.appendToStream(kept, someEvents(1), { expectedRevision: 2n });
    expect(position?.commit).toBeGreaterThan(all.at(-1)?.event?.position?.commit ?? 0n);
  });

  it('C1, C2: after a restart a repeat at its revision is still known, one at any revision is stored again', async () => {
    const [exact, any] = [someStream(), someStream()];
    const events = someEvents(2);
    const before = await restart();
    await before.appendToStream(exact, events, { expectedRevision: NO_STREAM });
    await before.appendToStream(any, events, { expectedRevision: ANY });
    const after = await restart();
    await after.appendToStream(exact, events, { expectedRevision: NO_STREAM });
    await after.appendToStream(any, events, { expectedRevision: ANY });
    expect([(await idsOf(after, exact)).length, (await idsOf(after, any)).length]).toEqual([2, 4]);
  });

  it('J2: drops a line that was cut short', async () => {
    const stream = someStream();
    await (await restart()).appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    await client?.dispose();
    await server?.stop();
    const file = join(folder, 'events.jsonl');
    const whole = readFileSync(file);
    appendFileSync(file, '[[99999,"torn-1",0,"');
    const journal = new Journal(folder, false);
    expect(journal.records.filter((record) => record.stream === stream)).toHaveLength(2);
    journal.close();
    expect(readFileSync(file)).toEqual(whole);
  });
});

describe('The cache of recent ids', () => {
  it('C2: forgets the oldest when it is full', () => {
    const recent = new RecentIds(3 * (28 + 26 + 2 * 3));
    for (const [revision, id] of ['a', 'b', 'c', 'd'].entries()) recent.add(id, 's-1', revision);
    expect(['a', 'b', 'c', 'd'].map((id) => recent.find(id, 's-1'))).toEqual([undefined, 1, 2, 3]);
    expect(recent.find('b', 's-2')).toBeUndefined();
  });
});
