import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { madeUpSummary } from '@skald/testkit';
import { openSqliteIndex, type SqliteIndex } from './open-index.js';
import { openSqliteStore } from './open-store.js';
import { INDEX_FORMAT } from './schema.js';

let folder: string;
let file: string;
const opened: SqliteIndex[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'index.db');
});
afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

async function open(): Promise<SqliteIndex> {
  const one = await openSqliteIndex({ file });
  opened.push(one);
  return one;
}

const some = Array.from({ length: 2_000 }, (_, n) => madeUpSummary(`order-${n}`, { error: 'x'.repeat(200), startedAt: n }));

async function filled(): Promise<void> {
  const { index, close } = await open();
  await index.put(some, 42);
  await close();
}

/** The second half: what is looked at first is whole. */
function spoil(): void {
  const descriptor = openSync(file, 'r+');
  const half = Math.ceil(statSync(file).size / 2);
  writeSync(descriptor, Buffer.alloc(half, 0xab), 0, undefined, half);
  closeSync(descriptor);
}

async function expectEmpty({ index }: SqliteIndex): Promise<void> {
  expect(await index.position()).toBe(0);
  expect(await index.count()).toEqual({});
  await index.put(some.slice(0, 3), 3);
  expect((await index.list({})).sagas).toHaveLength(3);
}

describe('An index in a file of its own', () => {
  it('D1: is there again after its process was killed before anything moved from the log into the file', async () => {
    const { index } = await open();
    await index.put(some, 42);
    // What `kill -9` leaves: the file and its log as they are at this moment.
    const left = join(folder, 'left.db');
    for (const side of ['', '-wal']) copyFileSync(`${file}${side}`, `${left}${side}`);
    file = left;
    const later = await open();
    expect([await later.index.position(), await later.index.count()]).toEqual([42, await index.count()]);
  });

  it('is there again with its position, and leaves no other file that counts', async () => {
    await filled();
    expect(readdirSync(folder).sort()).toEqual(['index.db', 'index.db-owner']);
    const { index } = await open();
    expect(await index.position()).toBe(42);
    expect((await index.list({ limit: 1 })).sagas).toEqual([some.at(-1)]);
  });

  it('belongs to one process: a second one is refused', async () => {
    await open();
    await expect(openSqliteIndex({ file })).rejects.toMatchObject({ code: 'store-in-use' });
  });

  it('is not the one that a store keeps, which the store names', async () => {
    const { index } = await open();
    const store = await openSqliteStore({ file: join(folder, 'skald.db') });
    expect(store.events.ownIndex).toBe(store.index);
    expect(store.events.ownIndex).not.toBe(index);
    await store.close();
  });

  it('refuses what comes after its end', async () => {
    const { index, close } = await open();
    await close();
    await close();
    await expect(index.position()).rejects.toMatchObject({ code: 'store-closed' });
    await expect(index.clear()).rejects.toMatchObject({ code: 'store-closed' });
  });

  it('needs a folder', async () => {
    await expect(openSqliteIndex({ file: join(folder, 'nowhere', 'index.db') })).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe('D1: An index is made anew', () => {
  it.each<[string, () => void]>([
    ['that was deleted', () => rmSync(file)],
    ['that is an empty file, as a crash may leave it', () => writeFileSync(file, '')],
    ['that is all zeros', () => writeFileSync(file, Buffer.alloc(40_000))],
    [
      'that is damaged, found when it was not closed in order',
      () => {
        spoil();
        writeFileSync(`${file}-wal`, '');
      },
    ],
    ['that has lost a table', () => change('DROP TABLE sagas')],
    ['of another format', () => change(`PRAGMA user_version = ${INDEX_FORMAT + 1}`)],
  ])('%s', async (_title, harm) => {
    await filled();
    harm();
    await expectEmpty(await open());
  });

  it('that shows its damage in use, when it is cleared', async () => {
    await filled();
    spoil();
    const damaged = await open();
    await expect(damaged.index.list({ limit: 1_000 })).rejects.toMatchObject({ code: 'store-corrupt' });
    await damaged.index.clear();
    await expectEmpty(damaged);
  });

  it('that showed its damage and was closed', async () => {
    await filled();
    spoil();
    const damaged = await open();
    await expect(damaged.index.list({ limit: 1_000 })).rejects.toMatchObject({ code: 'store-corrupt' });
    await damaged.close();
    expect(existsSync(file)).toBe(false);
    await expectEmpty(await open());
  });

  function change(sql: string): void {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  }
});

describe('D2: A file that is something else is not touched', () => {
  it.each<[string, RegExp, () => Promise<void>]>([
    ['a store', /it is a store; an index needs a file of its own/, async () => (await openSqliteStore({ file })).close()],
    [
      'a database of another application',
      /not an index of Skald/,
      async () => {
        const db = new DatabaseSync(file);
        db.exec('CREATE TABLE diary (day TEXT)');
        db.close();
      },
    ],
    ['no database', /not an index of Skald/, async () => writeFileSync(file, 'Dear diary,'.repeat(100))],
    ['a short text', /not an index of Skald/, async () => writeFileSync(file, 'x')],
  ])('%s', async (_title, problem, make) => {
    await make();
    const before = readFileSync(file);
    await expect(open()).rejects.toMatchObject({ code: 'store-corrupt', details: { problem: expect.stringMatching(problem) } });
    expect(readFileSync(file)).toEqual(before);
  });

  it('a folder', async () => {
    mkdirSync(file);
    await expect(open()).rejects.toMatchObject({ code: 'store-unavailable', details: { problem: 'it is not a file' } });
  });
});
