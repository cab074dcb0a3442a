import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamWrite } from '@skald/kernel';
import { madeUpEvent } from '@skald/testkit';
import { openSqliteStore } from './open-store.js';

const PACKAGE = fileURLToPath(new URL('../dist/index.js', import.meta.url));

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Appends batches for ever, and prints the head after each that was acknowledged. */
const WRITER = `
  const { openSqliteStore } = await import(${JSON.stringify(PACKAGE)});
  const store = await openSqliteStore({ file: process.argv[1] });
  const event = () => ({ id: crypto.randomUUID(), type: 'StepSucceeded', data: JSON.stringify('x'.repeat(300)), metadata: '{}', hash: 'h' });
  for (let n = 0; ; n++) {
    const writes = Array.from({ length: 20 }, (_, i) => ({ stream: 'order-' + n + '-' + i, expectedRevision: -1, events: [event(), event()] }));
    await store.events.append(writes);
    console.log(await store.events.head());
    await new Promise((resolve) => setImmediate(resolve));
  }
`;

interface Writer {
  readonly process: ChildProcess;
  readonly acknowledged: () => number;
  readonly reaches: (head: number) => Promise<void>;
  readonly killed: () => Promise<void>;
}

function startWriter(): Writer {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', WRITER, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledged = 0;
  let wake = (): void => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    acknowledged = Number(line);
    wake();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    process: child,
    acknowledged: () => acknowledged,
    reaches: async (head) => {
      while (acknowledged < head) await new Promise<void>((resolve) => (wake = resolve));
    },
    killed: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

describe('A store between processes', () => {
  it('O1, O2, O3: belongs to one, which is named; when that is killed the next one owns it and finds all that was acknowledged', async () => {
    for (let round = 1; round <= 3; round++) {
      const writer = startWriter();
      await writer.reaches(400 * round);
      await expect(openSqliteStore({ file })).rejects.toMatchObject({ code: 'store-in-use', details: { pid: writer.process.pid } });
      const reader = await openSqliteStore({ file, readOnly: true });
      expect(await reader.events.head()).toBeGreaterThanOrEqual(400);
      await reader.close();
      await writer.killed();
      const store = await openSqliteStore({ file });
      const head = await store.events.head();
      expect(head).toBeGreaterThanOrEqual(writer.acknowledged());
      expect(head % 40).toBe(0);
      expect(await store.index.position()).toBe(head);
      const all = await store.events.readAll(0, head);
      expect(all.map(({ position }) => position)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
      await store.close();
      if (round < 3) rmSync(file);
    }
  });

  it('F3: can be read after its owner was killed, without repairing it', async () => {
    const writer = startWriter();
    await writer.reaches(400);
    await writer.killed();
    const reader = await openSqliteStore({ file, readOnly: true });
    expect(await reader.events.head()).toBeGreaterThanOrEqual(writer.acknowledged());
    await reader.close();
  });
});

/** Mounting takes root on Linux; elsewhere the size limit of full-disk.test.ts has to do. */
function mounts(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'skald-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe], { stdio: 'ignore' });
    execFileSync('umount', [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true });
  }
}

const whereItMounts = mounts() ? describe : describe.skip;

function write(stream: string, bytes: number): StreamWrite {
  return { stream, expectedRevision: -1, events: [madeUpEvent(JSON.stringify('x'.repeat(bytes)))] };
}

whereItMounts('A store on a real small disk', () => {
  beforeEach(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]);
  });
  afterEach(() => {
    execFileSync('umount', [folder]);
  });

  it('P2: says store-full, keeps nothing of the batch, and goes on when there is space', async () => {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(2_000_000));
    const store = await openSqliteStore({ file });
    let n = 0;
    let thrown: unknown;
    while (thrown === undefined) {
      const head = await store.events.head();
      try {
        await store.events.append([write(`order-${n}-a`, 100), write(`order-${n}-b`, 50_000)]);
        n++;
      } catch (error) {
        thrown = error;
        expect(await store.events.head()).toBe(head);
      }
    }
    expect(thrown).toMatchObject({ code: 'store-full', retryable: true });
    expect(await store.events.read(`order-${n}-a`)).toEqual([]);
    expect(await store.events.readAll(0, 1_000)).toHaveLength(2 * n);
    unlinkSync(ballast);
    expect(await store.events.append([write(`order-${n}-a`, 100), write(`order-${n}-b`, 50_000)])).toMatchObject([
      { type: 'appended' },
      { type: 'appended' },
    ]);
    await store.close();
    const again = await openSqliteStore({ file });
    expect(await again.events.head()).toBe(2 * n + 2);
    await again.close();
  });

  it('says that it cannot be opened on a read-only disk, and can be read there', async () => {
    const store = await openSqliteStore({ file });
    await store.events.append([write('order-1', 100)]);
    await store.close();
    execFileSync('mount', ['-o', 'remount,ro', folder]);
    await expect(openSqliteStore({ file })).rejects.toMatchObject({ code: 'store-unavailable' });
    await expect(openSqliteStore({ file: join(folder, 'new.db') })).rejects.toMatchObject({ code: 'store-unavailable' });
    const reader = await openSqliteStore({ file, readOnly: true });
    expect(await reader.events.read('order-1')).toHaveLength(1);
    await reader.close();
  });
});
