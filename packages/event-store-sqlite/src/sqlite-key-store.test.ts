import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SagaKey } from '@skald/kernel';
import { keyStoreContract } from '@skald/testkit';
import { type MasterKey, type SqliteKeyStore, sqliteKeyStore } from './sqlite-key-store.js';

const first: MasterKey = { id: 'first', key: randomBytes(32) };
const second: MasterKey = { id: 'second', key: randomBytes(32) };

let folder: string;
let file: string;
const open: SqliteKeyStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-keys-'));
  file = join(folder, 'keys.db');
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

async function opened(...masters: [MasterKey, ...MasterKey[]]): Promise<SqliteKeyStore> {
  const store = await sqliteKeyStore({ file, masters });
  open.push(store);
  return store;
}

keyStoreContract('A file of keys', async () => {
  const own = mkdtempSync(join(tmpdir(), 'skald-keys-'));
  const subject = await sqliteKeyStore({ file: join(own, 'keys.db'), masters: [first] });
  return {
    subject,
    close: async () => {
      await subject.close();
      rmSync(own, { recursive: true });
    },
  };
});

const keyOf = async (store: SqliteKeyStore, sagaId: string, create = false) => (await store.keys([sagaId], create)).get(sagaId) as SagaKey;
const onDisk = () => ['', '-wal'].map((end) => (existsSync(file + end) ? readFileSync(file + end).toString('latin1') : '')).join('');

describe('A file of keys', () => {
  it('KS1: holds keys over closing and opening, and none of them unwrapped', async () => {
    const store = await opened(first);
    const { id, key } = await keyOf(store, 'order-1', true);
    expect(onDisk()).not.toContain(Buffer.from(key).toString('latin1'));
    await store.close();
    expect(await keyOf(await opened(first), 'order-1')).toEqual({ id, key: expect.any(Uint8Array) });
    expect(Buffer.from((await keyOf(await opened(first), 'order-1')).key).equals(Buffer.from(key))).toBe(true);
  });

  it('KS1: reads keys under older masters, makes new ones under the first, and brings all under it', async () => {
    const old = await keyOf(await opened(first), 'order-1', true);
    await (await opened(first)).drop('order-0');
    const both = await opened(second, first);
    await both.keys(['order-2'], true);
    expect((await keyOf(both, 'order-1')).id).toBe(old.id);
    await expect((await opened(second)).keys(['order-1'], false)).rejects.toMatchObject({
      code: 'payload-unreadable',
      details: { problem: expect.stringContaining('"first", which was not given') },
    });
    expect(await both.rewrap()).toBe(1);
    expect(await both.rewrap()).toBe(0);
    const later = await opened(second);
    expect(Buffer.from((await keyOf(later, 'order-1')).key).equals(Buffer.from(old.key))).toBe(true);
    expect((await later.keys(['order-0'], true)).get('order-0')).toBe('dropped');
  });

  it('KS1: notices a wrong master, and a key that was put in another saga’s place', async () => {
    const store = await opened(first);
    await store.keys(['order-1', 'order-2'], true);
    const wrong = await opened({ id: 'first', key: randomBytes(32) });
    await expect(wrong.keys(['order-1'], false)).rejects.toMatchObject({ code: 'payload-unreadable' });
    const db = new DatabaseSync(file);
    db.exec(
      "UPDATE saga_keys SET (key_id, wrapped) = (SELECT key_id, wrapped FROM saga_keys WHERE saga_id = 'order-1') WHERE saga_id = 'order-2'",
    );
    db.close();
    await expect(store.keys(['order-2'], false)).rejects.toMatchObject({ code: 'payload-unreadable' });
    await expect(sqliteKeyStore({ file, masters: [{ id: 'short', key: randomBytes(16) }] })).rejects.toThrow('32 bytes');
  });

  it('KS2: what was dropped is not in the file any more', async () => {
    const store = await opened(first);
    await store.keys(
      Array.from({ length: 50 }, (_, n) => `order-${n}`),
      true,
    );
    const db = new DatabaseSync(file, { readOnly: true });
    const { wrapped } = db.prepare("SELECT wrapped FROM saga_keys WHERE saga_id = 'order-7'").get() ?? {};
    db.close();
    const text = Buffer.from(wrapped as Uint8Array).toString('latin1');
    expect(onDisk()).toContain(text);
    await store.drop('order-7');
    expect(onDisk()).not.toContain(text);
  });

  it('KS3: is shared: who makes a key first makes it for all, and a drop is seen by all', async () => {
    const [one, other] = [await opened(first), await opened(first)];
    const ids = Array.from({ length: 20 }, (_, n) => `order-${n}`);
    const [a, b] = await Promise.all([one.keys(ids, true), other.keys(ids, true)]);
    expect([...a].map(([, key]) => (key as SagaKey).id)).toEqual([...b].map(([, key]) => (key as SagaKey).id));
    await one.drop('order-3');
    expect((await other.keys(['order-3'], true)).get('order-3')).toBe('dropped');
  });

  it('is refused where there is something else, and after it was closed', async () => {
    writeFileSync(file, 'Dear diary,'.repeat(500));
    await expect(sqliteKeyStore({ file, masters: [first] })).rejects.toMatchObject({ code: 'store-corrupt' });
    await expect(sqliteKeyStore({ file: join(folder, 'no', 'keys.db'), masters: [first] })).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    rmSync(file);
    const store = await opened(first);
    await store.close();
    await store.close();
    await expect(store.keys(['order-1'], true)).rejects.toMatchObject({ code: 'store-closed' });
  });
});
