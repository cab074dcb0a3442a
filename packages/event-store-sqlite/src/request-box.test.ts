import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from './open-store.js';
import { holderOf } from './ownership.js';
import { openRequestBox, type RequestBox } from './request-box.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-box-'));
  file = join(folder, 'skald.db');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function boxes(count: number): RequestBox[] {
  return Array.from({ length: count }, () => {
    const box = openRequestBox(file, { create: true });
    if (!box) throw new Error('no box');
    return box;
  });
}

const request = (id: string) => ({ id, postedAt: 7, text: `{"about":"${id}"}` });

describe('Requests to whoever has a store open', () => {
  test('R1: each is taken by one taker, in the order in which they were posted', () => {
    const [client, one, other] = boxes(3);
    for (const id of ['a', 'b', 'c']) client?.post(request(id));
    expect(one?.take(2).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(other?.take(2)).toEqual([request('c')]);
    expect(one?.take(2)).toEqual([]);
  });

  test('R1: what was taken and never answered is taken again by the next owner, what was answered is not', () => {
    const [client, dead] = boxes(2);
    for (const id of ['a', 'b']) client?.post(request(id));
    dead?.take(5);
    dead?.answer('b', 'done', 8);
    dead?.close();
    const [next] = boxes(1);
    expect(next?.take(5)).toEqual([]);
    next?.release();
    expect(next?.take(5).map(({ id }) => id)).toEqual(['a']);
  });

  test('R2: a request can be withdrawn until somebody has taken it', () => {
    const [client, owner] = boxes(2);
    client?.post(request('a'));
    expect(client?.withdraw('a')).toBe(true);
    expect(owner?.take(5)).toEqual([]);
    expect(client?.stateOf('a')).toEqual({ state: 'gone' });
    client?.post(request('b'));
    owner?.take(5);
    expect(client?.withdraw('b')).toBe(false);
    expect(client?.stateOf('b')).toEqual({ state: 'taken' });
  });

  test('R3: a request waits for as long as nobody takes it', () => {
    const [client] = boxes(1);
    client?.post(request('a'));
    client?.close();
    const [later] = boxes(1);
    expect(later?.stateOf('a')).toEqual({ state: 'waiting' });
    expect(later?.waiting()).toEqual([request('a')]);
  });

  test('an answer stays until it is fetched, and for a day at most', () => {
    const [client, owner] = boxes(2);
    for (const id of ['a', 'b', 'c']) client?.post(request(id));
    owner?.take(5);
    owner?.answer('a', 'one', 1_000);
    owner?.answer('b', 'two', 2_000);
    expect(client?.stateOf('a')).toEqual({ state: 'answered', answer: 'one' });
    client?.forget('a');
    expect(client?.stateOf('a')).toEqual({ state: 'gone' });
    owner?.answer('c', 'three', 2_001 + 24 * 60 * 60 * 1_000);
    expect(client?.stateOf('b')).toEqual({ state: 'gone' });
    expect(client?.stateOf('c')).toEqual({ state: 'answered', answer: 'three' });
  });

  test('the same request posted again is the same request', () => {
    const [client, owner] = boxes(2);
    client?.post(request('a'));
    owner?.take(1);
    client?.post({ ...request('a'), text: 'something else' });
    expect(owner?.take(1)).toEqual([]);
  });

  test('a store that nobody asked anything of has no box; nor has one in memory', () => {
    expect(openRequestBox(file, { create: false })).toBeUndefined();
    expect(openRequestBox(':memory:', { create: true })).toBeUndefined();
  });

  test('what is no box is refused', () => {
    writeFileSync(`${file}-requests`, 'this is no database, however long one looks at it');
    expect(() => openRequestBox(file, { create: true })).toThrow(expect.objectContaining({ code: 'store-corrupt' }));
  });
});

describe('Who has a store open', () => {
  test('is nobody, its owner, or one who shares it', async () => {
    expect(holderOf(file)).toBeUndefined();
    const owner = await openSqliteStore({ file });
    expect(holderOf(file)).toMatchObject({ pid: process.pid, shares: false });
    await owner.close();
    expect(holderOf(file)).toBeUndefined();
    const sharer = await openSqliteStore({ file, shared: true });
    expect(holderOf(file)).toMatchObject({ pid: process.pid, shares: true });
    await sharer.close();
    expect(holderOf(file)).toBeUndefined();
  });

  test('is not a reader', async () => {
    await (await openSqliteStore({ file })).close();
    const reader = await openSqliteStore({ file, readOnly: true });
    expect(holderOf(file)).toBeUndefined();
    await reader.close();
  });
});
