/**
 * What it takes to prove a store: `npm run bench -- audit [--json] [--events 1000000] [--open 5000] [--rounds 3] [--shape usual|short|long] [--file FILE]`. Sagas of four
 * steps (or of five events, or of 100,000), so many open at a time, are decided and stored as a manager does; then every event is read, verified and folded, each in a process of
 * its own, in turns. `--file` keeps the store, and takes it as it is where it is there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { replayAll, verifyAll } from '@skald/audit';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, RecordedEvent } from '@skald/kernel';
import { type Filling, fill, type Shape } from './audit-store.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '1000000' },
    open: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    shape: { type: 'string', default: 'usual' },
    file: { type: 'string' },
    pass: { type: 'string' },
  },
});

const PAGE = 5_000;
const PASSES = ['read', 'verify', 'replay'] as const;
type Pass = (typeof PASSES)[number];

interface Lap {
  readonly events: number;
  readonly seconds: number;
  /** Of the processor, all threads. */
  readonly cpuSeconds: number;
  /** Largest resident set, in MB. */
  readonly megabytes: number;
}

async function run(pass: Pass, file: string): Promise<Lap> {
  const store = await openSqliteStore({ file, readOnly: true });
  let most = 0;
  let pages = 0;
  const onPage = () => {
    // To ask takes the system about a millisecond.
    if (pages++ % 16 === 0) most = Math.max(most, process.memoryUsage.rss());
  };
  const started = performance.now();
  const before = process.cpuUsage();
  const events = await passes[pass](store.events, onPage);
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  await store.close();
  return { events, seconds, cpuSeconds: (user + system) / 1e6, megabytes: Math.round(most / 1e6) };
}

const passes: Readonly<Record<Pass, (store: EventStore, onPage: (events: readonly RecordedEvent[]) => void) => Promise<number>>> = {
  async read(store, onPage) {
    let read = 0;
    for (let position = 0; ; ) {
      const page = await store.readAll(position, PAGE);
      const last = page.at(-1);
      if (!last) return read;
      read += page.length;
      position = last.position;
      onPage(page);
    }
  },
  async verify(store, onPage) {
    const { events, findings } = await verifyAll(store, { onPage });
    if (findings.length > 0) throw new Error(`the store does not hold: ${JSON.stringify(findings[0])}`);
    return events;
  },
  async replay(store, onPage) {
    const { events, unreadable } = await replayAll(store, { onPage });
    if (unreadable.length > 0) throw new Error(`a history cannot be read: ${JSON.stringify(unreadable[0])}`);
    return events;
  },
};

function lap(pass: Pass, file: string): Lap {
  const program = fileURLToPath(import.meta.url);
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, '--pass', pass, '--file', file],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  if (status !== 0) throw new Error(`the pass ${pass} ended with ${status}`);
  return JSON.parse(stdout) as Lap;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

function reportOf(file: string, filling: Filling | undefined, laps: Readonly<Record<Pass, readonly Lap[]>>) {
  const rate = (one: Lap) => one.events / one.seconds;
  const bare = median(laps.read.map(rate));
  const figures = (pass: Pass) => ({
    eventsPerSecond: Math.round(median(laps[pass].map(rate))),
    eventsPerCpuSecond: Math.round(median(laps[pass].map(({ events, cpuSeconds }) => events / cpuSeconds))),
    ofBareReading: Number((median(laps[pass].map(rate)) / bare).toFixed(2)),
    megabytes: median(laps[pass].map(({ megabytes }) => megabytes)),
  });
  const { events = 0 } = laps.read[0] ?? {};
  const store = { events, megabytes: Math.round(statSync(file).size / 1e6) };
  return { store, ...(filling && { filling }), read: figures('read'), verify: figures('verify'), replay: figures('replay') };
}

function table({ store, filling, ...passed }: ReturnType<typeof reportOf>): string[] {
  const rows = PASSES.map((pass) => {
    const { eventsPerSecond, eventsPerCpuSecond, ofBareReading, megabytes } = passed[pass];
    const rates = [eventsPerSecond, eventsPerCpuSecond].map((rate) => rate.toLocaleString('en').padStart(9));
    return `${pass.padEnd(8)} ${rates[0]} events/s  ${rates[1]} events/s of CPU  ${ofBareReading.toFixed(2)} of bare reading  ${megabytes} MB`;
  });
  const made = filling
    ? [
        `stored   ${filling.eventsPerSecond.toLocaleString('en').padStart(9)} events/s; the hash takes ${filling.hashMicroseconds} µs an event, ${(filling.hashShare * 100).toFixed(1)} % of deciding, encoding and storing`,
      ]
    : [];
  return [`${store.events.toLocaleString('en')} events, ${store.megabytes} MB`, ...made, ...rows];
}

const OPEN: Readonly<Record<Shape, number>> = { usual: 5_000, short: 5_000, long: 3 };

async function main(): Promise<void> {
  const shape = values.shape as Shape;
  if (!(shape in OPEN)) throw new Error(`--shape ${shape}: usual, short or long`);
  const folder = mkdtempSync(join(tmpdir(), 'skald-bench-'));
  try {
    const file = values.file ?? join(folder, 'skald.db');
    const tell = (text: string) => void (values.json || process.stderr.write(`${text} …\n`));
    tell('storing');
    const filling = existsSync(file) ? undefined : await fill(file, Number(values.events), Number(values.open ?? OPEN[shape]), shape);
    const laps: Record<Pass, Lap[]> = { read: [], verify: [], replay: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const pass of PASSES) {
        tell(pass);
        laps[pass].push(lap(pass, file));
      }
    }
    const report = reportOf(file, filling, laps);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${table(report).join('\n')}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (values.pass === undefined) await main();
else process.stdout.write(JSON.stringify(await run(values.pass as Pass, values.file ?? '')));
