import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SkaldError } from '@skald/kernel';
import { madeUpEvents, madeUpSummary } from '@skald/testkit';
import { openSqliteStore } from './open-store.js';
import { APPLICATION_ID, FORMAT } from './schema.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function refusal(options: { file: string; readOnly?: boolean }): Promise<SkaldError> {
  try {
    await (await openSqliteStore(options)).close();
  } catch (error) {
    if (error instanceof SkaldError) return error;
    throw error;
  }
  throw new Error('it opened');
}

async function storeWith(events: number): Promise<void> {
  const store = await openSqliteStore({ file });
  await store.events.append([
    { stream: 'order-1', expectedRevision: -1, events: madeUpEvents(events), summary: madeUpSummary('order-1', { owes: true }) },
  ]);
  await store.close();
}

function withDatabase(work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(file);
  work(db);
  db.close();
}

/** Both ways of opening refuse it so, and neither changes it. */
async function expectUntouched(code: string, problem: string): Promise<void> {
  const before = readFileSync(file);
  for (const readOnly of [false, true]) {
    const error = await refusal({ file, readOnly });
    expect(error.code).toBe(code);
    expect(error.message).toContain(file);
    expect(error.message).toContain(problem);
  }
  expect(readFileSync(file).equals(before)).toBe(true);
}

describe('Opening a store', () => {
  it('keeps what was written, over closing and opening', async () => {
    await storeWith(3);
    const store = await openSqliteStore({ file });
    expect(await store.events.read('order-1')).toHaveLength(3);
    expect(await store.index.owing('', 10)).toEqual(['order-1']);
    expect(await store.index.position()).toBe(await store.events.head());
    await store.close();
    await store.close();
  });

  it('F1: refuses random bytes and does not change them', async () => {
    writeFileSync(file, randomBytes(50_000));
    await expectUntouched('store-corrupt', 'does not begin as an SQLite database');
    writeFileSync(file, 'short');
    await expectUntouched('store-corrupt', 'does not begin as an SQLite database');
    expect(readdirSync(folder)).toEqual(['skald.db']);
  });

  it('F1: refuses tables that were made anew so that a stream can be listed twice, or shown in part', async () => {
    for (const remade of [
      `CREATE TABLE s AS SELECT * FROM streams; DROP TABLE streams; ALTER TABLE s RENAME TO streams`,
      `DROP INDEX events_by_stream`,
      `ALTER TABLE events RENAME TO e; CREATE VIEW events AS SELECT * FROM e WHERE revision > 0`,
    ]) {
      rmSync(file, { force: true });
      await storeWith(2);
      withDatabase((db) => db.exec(remade));
      await expectUntouched('store-corrupt', 'is not the table that Skald makes');
    }
  });

  it('says that it is damaged where a number is larger than any that Skald writes', async () => {
    await storeWith(2);
    withDatabase((db) => db.exec('UPDATE events SET position = 9223372036854775807 WHERE position = 2'));
    await expectUntouched('store-corrupt', 'a number in it is larger');
    withDatabase((db) => db.exec('UPDATE events SET position = 2, revision = 9223372036854775807 WHERE position > 2'));
    const store = await openSqliteStore({ file, readOnly: true });
    await expect(store.events.read('order-1')).rejects.toMatchObject({ code: 'store-corrupt' });
    await store.close();
  });

  it('F1: refuses a database of another application and does not change it', async () => {
    withDatabase((db) => db.exec('CREATE TABLE shop (name TEXT)'));
    await expectUntouched('store-corrupt', 'of another application');
    withDatabase((db) => db.exec('PRAGMA journal_mode = WAL; CREATE TABLE streams (x)'));
    await expectUntouched('store-corrupt', 'of another application');
    expect(readdirSync(folder)).toEqual(['skald.db']);
  });

  it('F1: refuses a store that was cut off and does not change it', async () => {
    await storeWith(2_000);
    for (const bytes of [8192 * 10, 8192 * 3, 8192, 5_000]) {
      truncateSync(file, bytes);
      await expectUntouched('store-corrupt', 'malformed');
    }
    truncateSync(file, 50);
    await expectUntouched('store-corrupt', 'does not begin as an SQLite database');
  });

  it('F1: refuses a store whose tables are gone, and keeps the cause', async () => {
    await storeWith(1);
    withDatabase((db) => db.exec('DROP TABLE events'));
    await expectUntouched('store-corrupt', 'no such table: events');
    expect((await refusal({ file })).cause).toMatchObject({ code: 'ERR_SQLITE_ERROR' });
  });

  it('F1: refuses a newer format and says both numbers', async () => {
    await storeWith(1);
    withDatabase((db) => db.exec(`PRAGMA user_version = ${FORMAT + 1}`));
    await expectUntouched('store-newer', `format ${FORMAT + 1}; this Skald knows ${FORMAT}`);
  });

  it('makes an index of another format anew, and lets those who only read read its events', async () => {
    await storeWith(3);
    withDatabase((db) =>
      db.exec("DROP TABLE saga_attributes; ALTER TABLE sagas DROP COLUMN attributes; DELETE FROM meta WHERE key = 'index_format'"),
    );
    const reader = await openSqliteStore({ file, readOnly: true });
    expect(await reader.events.read('order-1')).toHaveLength(3);
    await expect(reader.index.list({})).rejects.toMatchObject({ code: 'index-outdated', details: { file } });
    await reader.close();
    const store = await openSqliteStore({ file });
    expect([await store.index.position(), await store.index.list({}), await store.events.head()]).toEqual([
      0,
      { sagas: [], next: undefined },
      3,
    ]);
    await store.index.put([madeUpSummary('order-1', { attributes: { a: 1 } })], 3);
    await store.close();
    const again = await openSqliteStore({ file, readOnly: true });
    expect((await again.index.list({ attributes: { a: 1 } })).sagas).toHaveLength(1);
    await again.close();
  });

  it('F2: begins anew over an empty file, which an interrupted creation leaves', async () => {
    writeFileSync(file, '');
    await storeWith(1);
    expect(readFileSync(file).readUInt32BE(68)).toBe(APPLICATION_ID);
  });

  it('says that the folder is absent, that the path is a folder, that it cannot be written', async () => {
    expect(await refusal({ file: join(folder, 'no', 'skald.db') })).toMatchObject({
      code: 'store-unavailable',
      details: { problem: expect.stringContaining('does not exist') },
    });
    mkdirSync(file);
    expect(await refusal({ file })).toMatchObject({ code: 'store-unavailable', details: { problem: 'it is not a file' } });
    // Not even root can create a file there.
    expect(await refusal({ file: '/proc/skald.db' })).toMatchObject({ code: 'store-unavailable', cause: { code: 'ERR_SQLITE_ERROR' } });
  });
});

describe('A store opened for reading', () => {
  it('F3: says that there is no such file, and creates none', async () => {
    expect(await refusal({ file, readOnly: true })).toMatchObject({
      code: 'store-unavailable',
      details: { file, problem: 'there is no such file' },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('F3: leaves no file behind and changes nothing', async () => {
    await storeWith(3);
    const files = readdirSync(folder);
    const before = readFileSync(file);
    const store = await openSqliteStore({ file, readOnly: true });
    expect(await store.events.read('order-1')).toHaveLength(3);
    await expect(store.events.append([{ stream: 'order-2', expectedRevision: -1, events: madeUpEvents(1) }])).rejects.toMatchObject({
      code: 'store-read-only',
    });
    await expect(store.index.clear()).rejects.toMatchObject({ code: 'store-read-only' });
    await store.close();
    expect(readdirSync(folder)).toEqual(files);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('sees what its owner writes meanwhile, and hands it to subscribers', async () => {
    const owner = await openSqliteStore({ file });
    const reader = await openSqliteStore({ file, readOnly: true });
    const seen = new Promise<string>((resolve) => {
      reader.events.subscribe(0, async ([event]) => resolve(event?.stream ?? ''));
    });
    await owner.events.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(2), summary: madeUpSummary('order-1') }]);
    expect(await reader.events.head()).toBe(2);
    expect(await reader.index.count()).toEqual({ running: 1 });
    expect(await reader.index.position()).toBe(2);
    expect(await seen).toBe('order-1');
    await owner.index.put([madeUpSummary('order-1', { status: 'completed' })], 2);
    expect(await reader.index.get('order-1')).toMatchObject({ status: 'completed' });
    expect(await reader.index.count()).toEqual({ completed: 1 });
    await owner.close();
    await reader.close();
  });
});

/** What Linux knows of the locks on the store's file; without their numbers, which count all locks of the machine. */
function locks(): string[] {
  const { ino } = statSync(file);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`:${ino} `))
    .map((line) => line.replace(/^\d+: /, ''));
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('A store opened twice in one process', () => {
  it('F4: keeps its lock on the file, without which another process would take its log away', async () => {
    const store = await openSqliteStore({ file });
    const held = locks();
    expect(held).toHaveLength(1);
    const reader = await openSqliteStore({ file, readOnly: true });
    expect(locks()).toEqual(held);
    await reader.close();
    expect(locks()).toEqual(held);
    await store.close();
  });
});

describe('The index of a store', () => {
  it('is behind after it was deleted, whole or its rows, and can be rebuilt', async () => {
    await storeWith(3);
    for (const sql of ['DROP TABLE sagas', "DELETE FROM sagas; UPDATE meta SET value = 0 WHERE key = 'indexed'"]) {
      withDatabase((db) => db.exec(sql));
      const store = await openSqliteStore({ file });
      expect(await store.index.position()).toBe(0);
      expect(await store.events.head()).toBe(3);
      await store.index.put([madeUpSummary('order-1')], 3);
      await store.close();
      const again = await openSqliteStore({ file });
      expect(await again.index.position()).toBe(3);
      expect((await again.index.list({})).sagas).toHaveLength(1);
      await again.close();
    }
  });
});

describe('The owner of a store', () => {
  it('O1, O3: is the only one, and is named to who comes second, under whatever name', async () => {
    const store = await openSqliteStore({ file });
    const link = join(folder, 'link.db');
    symlinkSync(file, link);
    for (const name of [file, join(folder, '.', 'skald.db'), link]) {
      const error = await refusal({ file: name });
      expect(error).toMatchObject({ code: 'store-in-use', retryable: true, details: { file, pid: process.pid } });
      expect(error.message).toContain(`process ${process.pid} on `);
    }
    await store.events.append([{ stream: 'order-1', expectedRevision: -1, events: madeUpEvents(1) }]);
    await store.close();
    await (await openSqliteStore({ file })).close();
  });

  it('O1: gives the store free when opening fails after all', async () => {
    await storeWith(1);
    withDatabase((db) => db.exec('DROP TABLE events'));
    expect((await refusal({ file })).code).toBe('store-corrupt');
    expect((await refusal({ file })).code).toBe('store-corrupt');
    rmSync(file);
    await storeWith(1);
    expect(existsSync(file)).toBe(true);
  });
});
