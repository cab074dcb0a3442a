import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppendOutcome, RecordedEvent } from '@skald/kernel';
import { madeUpEvents } from '@skald/testkit';
import { openSqliteStore } from './open-store.js';

const PACKAGE = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const COMMON = 'order-common';

let folder: string;
let file: string;
let processes: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
  processes = [];
});
afterEach(() => {
  for (const child of processes) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

function start(script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script, file, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  processes.push(child);
  return child;
}

/**
 * One manager: appends for ever, in one batch each time, two events to the stream that all write to and one to its own. Tells what it is
 * about to write and what became of it; the pipe is written synchronously, so that a kill cannot take back what was told.
 */
const MANAGER = `
  import { writeSync } from 'node:fs';
  const { openSqliteStore } = await import(${JSON.stringify(PACKAGE)});
  const [, file, name] = process.argv;
  const tell = (what) => writeSync(1, JSON.stringify(what) + '\\n');
  const store = await openSqliteStore({ file, shared: true });
  const event = () => ({ id: crypto.randomUUID(), type: 'StepSucceeded', data: '{}', metadata: '{}', hash: 'h' });
  const write = (stream, expectedRevision, events) => ({ stream, expectedRevision, events, summary: { sagaId: stream, saga: 'order',
    version: 1, status: 'running', startedAt: 1, since: expectedRevision + events.length, owes: false, error: events[0].id } });
  const last = async (stream) => (await store.events.read(stream, { limit: 1_000_000 })).length - 1;
  const own = 'order-' + name;
  let [common, mine] = [await last('${COMMON}'), await last(own)];
  for (;;) {
    const writes = [write('${COMMON}', common, [event(), event()]), write(own, mine, [event()])];
    tell({ writes: writes.map(({ stream, expectedRevision, events }) => ({ stream, expectedRevision, ids: events.map(({ id }) => id) })) });
    const outcomes = await store.events.append(writes);
    tell({ outcomes });
    common = outcomes[0].revision ?? outcomes[0].actual;
    mine = outcomes[1].revision ?? NaN;
  }
`;

interface Told {
  readonly stream: string;
  readonly expectedRevision: number;
  readonly ids: readonly string[];
  /** Absent: killed in between. */
  outcome?: AppendOutcome;
}

class Manager {
  readonly told: Told[] = [];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #wake = (): void => {};

  constructor(private readonly name: string) {}

  start(): void {
    const child = start(MANAGER, this.name);
    this.#child = child;
    let pending: Told[] = [];
    createInterface({ input: child.stdout ?? process.stdin }).on('line', (line) => {
      const { writes, outcomes } = JSON.parse(line) as { writes?: Told[]; outcomes?: AppendOutcome[] };
      if (writes) this.told.push(...writes);
      for (const [i, outcome] of (outcomes ?? []).entries()) Object.assign(pending[i] ?? {}, { outcome });
      pending = writes ?? [];
      this.#wake();
    });
    this.#ended = new Promise((resolve) => child.once('close', () => resolve()));
  }

  async tells(count: number): Promise<void> {
    const wanted = this.told.length + count;
    while (this.told.length < wanted) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }
}

function expectInOrder(all: readonly RecordedEvent[]): Map<string, RecordedEvent[]> {
  expect(all.map(({ position }) => position)).toEqual(Array.from(all, (_, i) => i + 1));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of all) streams.set(event.stream, [...(streams.get(event.stream) ?? []), event]);
  for (const events of streams.values()) expect(events.map(({ revision }) => revision)).toEqual(Array.from(events, (_, i) => i));
  return streams;
}

/** What each was told is what happened: acknowledged once and there, in conflict where another stands, killed whole or not at all. */
function expectTrue(told: readonly Told[], streams: ReadonlyMap<string, readonly RecordedEvent[]>): void {
  for (const { stream, expectedRevision, ids, outcome } of told) {
    const there = (streams.get(stream) ?? []).slice(expectedRevision + 1, expectedRevision + 1 + ids.length);
    const isStored = there.length === ids.length && there.every(({ id }, i) => id === ids[i]);
    if (outcome?.type === 'appended') {
      expect(isStored).toBe(true);
      expect(outcome).toMatchObject({ revision: there.at(-1)?.revision, position: there.at(-1)?.position });
      continue;
    }
    if (!isStored) expect(there.some(({ id }) => ids.includes(id))).toBe(false);
    if (outcome === undefined) continue;
    expect([outcome.type, stream, isStored]).toEqual(['conflict', COMMON, false]);
    expect(there.length).toBeGreaterThan(0);
    expect(outcome.type === 'conflict' && outcome.actual > expectedRevision).toBe(true);
  }
}

describe('A store that processes share', () => {
  it('P2, P4, P5, O2: loses nothing and doubles nothing under kill -9, and conflicts exactly where another was first', async () => {
    const managers = ['a', 'b', 'c'].map((name) => new Manager(name));
    for (const manager of managers) manager.start();
    for (let kill = 0; kill < 9; kill++) {
      const victim = managers[kill % 3];
      await Promise.all(managers.map((manager) => manager.tells(15 + 3 * kill)));
      await victim?.kill();
      victim?.start();
    }
    await Promise.all(managers.map((manager) => manager.tells(10)));
    await Promise.all(managers.map((manager) => manager.kill()));

    const store = await openSqliteStore({ file });
    const streams = expectInOrder(await store.events.readAll(0, 1_000_000));
    const told = managers.flatMap((manager) => manager.told);
    expectTrue(told, streams);
    const ids = new Set(told.flatMap((one) => one.ids));
    expect([...streams.values()].flat().filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(told.filter(({ outcome }) => outcome?.type === 'conflict').length).toBeGreaterThan(0);
    for (const [stream, events] of streams) {
      const last = events.at(stream === COMMON ? -2 : -1);
      expect(await store.index.get(stream)).toMatchObject({ since: events.length - 1, error: last?.id });
    }
    expect(await store.index.position()).toBe(await store.events.head());
    await store.close();
  });

  it('P5: shows a reader a beginning of the order at every moment, never an order with a hole in it', async () => {
    const managers = ['a', 'b'].map((name) => new Manager(name));
    for (const manager of managers) manager.start();
    await Promise.all(managers.map((manager) => manager.tells(2)));
    const reader = await openSqliteStore({ file, readOnly: true });
    let known: readonly RecordedEvent[] = [];
    while (known.length < 400) {
      const all = await reader.events.readAll(0, 1_000_000);
      expectInOrder(all);
      expect(all.slice(0, known.length)).toEqual(known);
      known = all;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(managers.map((manager) => manager.kill()));
    await reader.close();
  });

  it('W3: gives a turn to others while one writes without pause', async () => {
    const greedy = start(`
      const { openSqliteStore } = await import(${JSON.stringify(PACKAGE)});
      const store = await openSqliteStore({ file: process.argv[1], shared: true });
      const event = () => ({ id: crypto.randomUUID(), type: 'T', data: JSON.stringify('x'.repeat(500)), metadata: '{}', hash: 'h' });
      for (let n = 0; ; n++) {
        const writes = Array.from({ length: 50 }, (_, i) => ({ stream: 'greedy-' + n + '-' + i, expectedRevision: -1, events: [event()] }));
        const next = store.events.append(writes);
        if (n === 0) await next.then(() => console.log('writing'));
        else await next;
      }`);
    await new Promise((resolve) => greedy.stdout?.once('data', resolve));
    const store = await openSqliteStore({ file, shared: true });
    for (let i = 0; i < 50; i++) {
      expect(await store.events.append([{ stream: 'order-1', expectedRevision: i - 1, events: madeUpEvents(1) }])).toMatchObject([
        { type: 'appended', revision: i },
      ]);
    }
    await store.close();
  });

  it('O2, O3, O4: keeps an owner out while a sharer lives, and lets it in after a kill', async () => {
    const manager = new Manager('a');
    manager.start();
    await manager.tells(4);
    await expect(openSqliteStore({ file })).rejects.toMatchObject({ code: 'store-in-use', details: { pid: processes[0]?.pid } });
    await manager.kill();
    await (await openSqliteStore({ file })).close();
  });
});
