import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RecordedEvent, SkaldError, type StreamWrite } from '@skald/kernel';
import { madeUpEvents, madeUpSummary } from '@skald/testkit';
import { openStore, type SqliteStore, type SqliteStoreOptions } from './open-store.js';

let folder: string;
let file: string;
let opened: SqliteStore[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  rmSync(folder, { recursive: true });
});

function open(options: Partial<SqliteStoreOptions> & { patience?: number } = { shared: true }): SqliteStore {
  const store = openStore({ file, ...options });
  opened.push(store);
  return store;
}

function refusal(options?: Partial<SqliteStoreOptions>): SkaldError {
  try {
    open(options);
  } catch (error) {
    if (error instanceof SkaldError) return error;
    throw error;
  }
  throw new Error('it opened');
}

function write(stream: string, expectedRevision: number, since = 1_000): StreamWrite {
  return { stream, expectedRevision, events: madeUpEvents(1), summary: madeUpSummary(stream, { since }) };
}

/** Another process in the middle of a write: it holds the file's write lock until the answer is called. */
function intrude(): () => void {
  const db = new DatabaseSync(file);
  db.exec('BEGIN IMMEDIATE');
  return () => db.close();
}

describe('A store that is shared', () => {
  it('O4: is open to sharers and readers, not to an owner, who learns of one of them', async () => {
    const [one, two] = [open(), open()];
    expect(refusal({})).toMatchObject({ code: 'store-in-use', details: { file, pid: process.pid } });
    open({ readOnly: true });
    await one.close();
    expect(refusal({}).code).toBe('store-in-use');
    await two.close();
    await open({}).close();
  });

  it('O3, O4: is not open to a sharer while it has an owner, who is named', async () => {
    const owner = open({});
    expect(refusal()).toMatchObject({ code: 'store-in-use', retryable: true, details: { file, pid: process.pid } });
    await owner.close();
    await open().close();
  });

  it('O1: lets the next one in when opening failed', async () => {
    await open({}).close();
    const db = new DatabaseSync(file);
    db.exec('DROP TABLE events');
    db.close();
    for (let i = 0; i < 2; i++) expect(refusal().code).toBe('store-corrupt');
  });

  it('is not in memory', () => {
    expect(refusal({ file: ':memory:', shared: true })).toMatchObject({ code: 'store-unavailable' });
  });

  it('keeps what was written, whoever closes first, and leaves only its own files', async () => {
    const [one, two] = [open(), open()];
    await one.events.append([write('order-1', -1)]);
    await two.events.append([write('order-1', 0)]);
    await one.close();
    await two.events.append([write('order-1', 1)]);
    await two.close();
    const store = open({});
    expect(await store.events.read('order-1')).toHaveLength(3);
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(['skald.db', 'skald.db-owner', 'skald.db-shared']);
  });
});

describe('An append to a store that is shared', () => {
  it('P4: conflicts where another process has written, and writes nothing of its own', async () => {
    const [one, two] = [open(), open()];
    await one.events.append([write('order-1', -1)]);
    await two.events.append([write('order-1', 0, 2_000)]);
    expect(await one.events.append([write('order-1', 0, 3_000), write('order-2', -1)])).toEqual([
      { type: 'conflict', actual: 1 },
      { type: 'appended', revision: 0, position: 3 },
    ]);
    for (const store of [one, two]) {
      expect(await store.events.read('order-1')).toHaveLength(2);
      expect(await store.index.get('order-1')).toMatchObject({ since: 2_000 });
      expect(await store.index.count()).toEqual({ running: 2 });
      expect(await store.index.position()).toBe(3);
      expect(await store.events.head()).toBe(3);
    }
  });

  it('W2: waits while another process writes, without stopping the event loop', async () => {
    const store = open();
    const leave = intrude();
    let settled = false;
    const appended = store.events.append([write('order-1', -1)]).finally(() => {
      settled = true;
    });
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(settled).toBe(false);
    leave();
    expect(await appended).toMatchObject([{ type: 'appended', revision: 0 }]);
  });

  it('W2: rejects with store-busy when it finds no turn, stores nothing, and goes on afterwards', async () => {
    const store = open({ shared: true, patience: 30 });
    const leave = intrude();
    await expect(store.events.append([write('order-1', -1)])).rejects.toMatchObject({
      code: 'store-busy',
      retryable: true,
      details: { file },
    });
    await expect(store.index.put([madeUpSummary('order-2')], 1)).rejects.toMatchObject({ code: 'store-busy' });
    leave();
    expect(await store.events.head()).toBe(0);
    expect(await store.index.count()).toEqual({});
    expect(await store.events.append([write('order-1', -1)])).toMatchObject([{ type: 'appended' }]);
  });

  it('W2: the time for which its own process stood still does not count', async () => {
    const store = open({ shared: true, patience: 1_000 });
    const leave = intrude();
    const appended = store.events.append([write('order-1', -1)]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    leave();
    expect(await appended).toMatchObject([{ type: 'appended' }]);
  });

  it('W1: takes its turn in the order it was asked for', async () => {
    const [one, two] = [open(), open()];
    const leave = intrude();
    const asked = Array.from({ length: 20 }, (_, i) => one.events.append([write('order-1', i - 1)]));
    const others = Array.from({ length: 20 }, (_, i) => two.events.append([write('order-2', i - 1)]));
    leave();
    const outcomes = (await Promise.all([...asked, ...others])).flat();
    expect(outcomes.every(({ type }) => type === 'appended')).toBe(true);
    expect((await one.events.readAll(0, 100)).map(({ position }) => position)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('W3: goes before one of another process that asked for the file later', async () => {
    const [first, later] = [open(), open()];
    for (let round = 0; round < 8; round++) {
      const leave = intrude();
      const append = (store: SqliteStore, stream: string) => store.events.append([write(stream, round - 1)]);
      const waiting = append(first, 'order-1');
      // It is at the file then: the turnstile was free.
      await new Promise((resolve) => setImmediate(resolve));
      const behind = append(later, 'order-2');
      leave();
      expect([await waiting, await behind]).toMatchObject([[{ position: 2 * round + 1 }], [{ position: 2 * round + 2 }]]);
    }
  });

  it('W4: goes past one that stands still in the turnstile', async () => {
    const store = open();
    const frozen = new DatabaseSync(`${file}-shared`);
    frozen.exec('BEGIN IMMEDIATE');
    expect(await store.events.append([write('order-1', -1)])).toMatchObject([{ type: 'appended' }]);
    frozen.exec('ROLLBACK');
    frozen.close();
  });

  it('rejects with store-closed when its store is closed before its turn', async () => {
    const store = open();
    const leave = intrude();
    const appended = store.events.append([write('order-1', -1)]);
    const expected = expect(appended).rejects.toMatchObject({ code: 'store-closed' });
    await store.close();
    leave();
    await expected;
    expect(await open().events.head()).toBe(0);
  });
});

describe('A subscription to a store that is shared', () => {
  it('P5: sees every event of every process, in the order of positions, which have no gaps', async () => {
    const [one, two, witness] = [open(), open(), open()];
    const seen: RecordedEvent[] = [];
    const all = new Promise<void>((resolve) => {
      witness.events.subscribe(0, async (events) => {
        seen.push(...events);
        if (seen.length === 300) resolve();
      });
    });
    await Promise.all(
      [one, two].map(async (store, who) => {
        for (let i = 0; i < 150; i++) await store.events.append([write(`order-${who}`, i - 1)]);
      }),
    );
    await all;
    expect(seen.map(({ position }) => position)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    for (const who of [0, 1]) {
      const mine = seen.filter(({ stream }) => stream === `order-${who}`);
      expect(mine.map(({ revision }) => revision)).toEqual(Array.from({ length: 150 }, (_, i) => i));
    }
  });
});

describe('The index of a store that is shared', () => {
  it('X1, X2: does not go back when a process brings what was seen already', async () => {
    const [one, two] = [open(), open()];
    await one.events.append([write('order-1', -1), write('order-1', 0, 2_000)]);
    await two.index.put([madeUpSummary('order-1', { since: 500 })], 1);
    expect(await one.index.position()).toBe(2);
    expect(await one.index.get('order-1')).toMatchObject({ since: 2_000 });
  });

  it('X1: follows the head again after two have rebuilt it at the same time while a third appended', async () => {
    const [one, two, third] = [open(), open(), open()];
    await one.events.append([write('order-1', -1, 1), write('order-2', -1, 1)]);
    await one.index.clear();
    expect([await one.index.position(), await two.index.position()]).toEqual([0, 0]);
    await third.events.append([write('order-1', 0, 2)]);
    await one.index.put([madeUpSummary('order-1', { since: 1 }), madeUpSummary('order-2', { since: 1 })], 2);
    await one.index.put([madeUpSummary('order-1', { since: 2 })], 3);
    await two.index.put([madeUpSummary('order-1', { since: 1 }), madeUpSummary('order-2', { since: 1 })], 2);
    expect(await third.index.position()).toBe(3);
    expect(await third.index.get('order-1')).toMatchObject({ since: 2 });
    await third.events.append([write('order-1', 1, 3)]);
    expect(await two.index.position()).toBe(4);
  });

  it('X3: refuses a put of a rebuild that began before another process cleared the index', async () => {
    const [one, two] = [open(), open()];
    await one.events.append([write('order-1', -1), write('order-2', -1)]);
    await one.index.clear();
    await one.index.put([madeUpSummary('order-1')], 1);
    await two.index.clear();
    const late = one.index.put([madeUpSummary('order-2')], 2);
    await expect(late).rejects.toMatchObject({ code: 'index-cleared', retryable: true });
    expect(await two.index.position()).toBe(0);
    expect(await two.index.count()).toEqual({});
    expect(await one.index.position()).toBe(0);
    await one.index.put([madeUpSummary('order-1'), madeUpSummary('order-2')], 2);
    expect(await two.index.count()).toEqual({ running: 2 });
  });
});
