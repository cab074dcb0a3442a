import { closeSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamWrite } from '@skald/kernel';
import { madeUpEvent, madeUpSummary } from '@skald/testkit';
import { openSqliteStore, openStore } from './open-store.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(stream: string, bytes: number, expectedRevision = -1): StreamWrite {
  const events = [madeUpEvent(JSON.stringify('x'.repeat(bytes)))];
  return { stream, expectedRevision, events, summary: madeUpSummary(stream, { owes: true }) };
}

describe('A full disk', () => {
  it('P2: rolls the whole batch back, and the store goes on when there is space', async () => {
    const store = openStore({ file, maxPages: 60 });
    await store.events.append([write('order-1', 100)]);
    await store.index.count();
    const batch = [write('order-2', 100), write('order-1', 100, 0), write('order-3', 1_000_000)];
    await expect(store.events.append(batch)).rejects.toMatchObject({ code: 'store-full', retryable: true, cause: { errcode: 13 } });
    expect(await store.events.head()).toBe(1);
    expect(await store.events.read('order-2')).toEqual([]);
    expect(await store.events.read('order-1')).toHaveLength(1);
    expect(await store.index.owing('', 10)).toEqual(['order-1']);
    expect(await store.index.count()).toEqual({ running: 1 });
    expect(await store.index.position()).toBe(1);
    const small = await store.events.append([write('order-2', 100), write('order-1', 100, 0)]);
    expect(small).toEqual([
      { type: 'appended', revision: 0, position: 2 },
      { type: 'appended', revision: 1, position: 3 },
    ]);
    await store.close();
    const roomy = await openSqliteStore({ file });
    expect(await roomy.events.append(batch.slice(2))).toMatchObject([{ type: 'appended', revision: 0, position: 4 }]);
    expect(await roomy.index.position()).toBe(4);
    await roomy.close();
  });

  it('P2: undoes a put that does not fit', async () => {
    const store = openStore({ file, maxPages: 40 });
    const summaries = Array.from({ length: 5_000 }, (_, i) => madeUpSummary(`order-${i}`, { error: 'x'.repeat(200) }));
    await expect(store.index.put(summaries, 9)).rejects.toMatchObject({ code: 'store-full' });
    expect(await store.index.position()).toBe(0);
    expect(await store.index.get('order-1')).toBeUndefined();
    expect(await store.index.count()).toEqual({});
    await store.index.put(summaries.slice(0, 2), 9);
    expect(await store.index.count()).toEqual({ running: 2 });
    await store.close();
  });
});

/** Takes the right to write from the log's file descriptor: writing fails then, as it does on a disk that has failed. Linux only. */
function spoilLog(): void {
  const log = `${file}-wal`;
  const descriptor = readdirSync('/proc/self/fd').find((one) => {
    try {
      return readlinkSync(`/proc/self/fd/${one}`) === log;
    } catch {
      return false;
    }
  });
  closeSync(Number(descriptor));
  // The lowest free number is given, so this is the same one.
  expect(openSync(log, 'r')).toBe(Number(descriptor));
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('A failing disk', () => {
  it('P2: rejects with store-failed and keeps the cause; what was stored before is there when it is opened again', async () => {
    const store = await openSqliteStore({ file });
    await store.events.append([write('order-1', 100)]);
    spoilLog();
    await expect(store.events.append([write('order-2', 100)])).rejects.toMatchObject({
      code: 'store-failed',
      retryable: true,
      cause: { code: 'ERR_SQLITE_ERROR' },
    });
    await store.close();
    const again = await openSqliteStore({ file });
    expect(await again.events.read('order-1')).toHaveLength(1);
    expect(await again.events.append([write('order-2', 100)])).toMatchObject([{ type: 'appended', revision: 0 }]);
    await again.close();
  });
});
