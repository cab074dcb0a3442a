import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { whyNoOwnKafka } from './kafka-broker.js';
import { until } from './kafka-load.js';

/**
 * `npm run demo -- --kafka`, with a broker, two managers and six processes of services of its own.
 *
 * D1  It ends as the same orders in one process do.
 * D2  However it is stopped, the same command carries on, and comes to the same end.
 * D3  None of its processes outlives it.
 */
const program = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'examples', 'order-fulfilment', 'dist', 'main.js');
const PROCESSES = 9;
const ORDERS = ['--orders', '300', '--seed', '7', '--decline', '0.2', '--crash-service', '0.1', '--json'];

let folder: string;
const running = new Set<ChildProcess>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-kafka-demo-'));
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: readonly string[]) {
  // Not the broker of the other tests: this one comes and goes with the demo.
  const { KAFKA_BROKERS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...ORDERS, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    said.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.stderr += String(chunk);
  });
  const end = new Promise<number | NodeJS.Signals | null>((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  void end.then(() => running.delete(child));
  return { child, said, end, isAtWork: () => /: \d+ of 300 orders have ended\n/.test(said.stderr) };
}

async function toItsEnd(...args: readonly string[]) {
  const { end, said } = start(...args);
  expect([await end, said.stderr]).toEqual([0, expect.any(String)]);
  const { seconds: _, sagasPerSecond: __, ...report } = JSON.parse(said.stdout);
  return report;
}

interface Child {
  readonly pid: number;
  readonly command: string;
}

function childrenOf({ pid }: ChildProcess): Child[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = table.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm);
  return [...rows].flatMap(([, child, parent, command = '']) => (Number(parent) === pid ? [{ pid: Number(child), command }] : []));
}

function lives({ pid }: Child): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const whyNot = whyNoOwnKafka();
(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('The demo on Kafka', () => {
  it('D1, D2, D3: ends as in one process, however often it is killed or stopped, and takes its processes with it', async () => {
    const inOneProcess = await toItsEnd('--data', join(folder, 'one'));
    const data = join(folder, 'kafka');
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const run = start('--kafka', '--data', data, '--rate', '100');
      await until(run.isAtWork);
      const children = childrenOf(run.child).filter(lives);
      expect(children.length).toBeGreaterThanOrEqual(PROCESSES);
      run.child.kill(signal);
      expect(await run.end).toBe(signal === 'SIGINT' ? 130 : signal);
      await until(() => !children.some(lives));
    }
    expect(await toItsEnd('--kafka', '--data', data)).toEqual(inOneProcess);
    const prefix = readFileSync(join(data, 'kafka', 'prefix'), 'utf8');
    expect(await toItsEnd('--kafka', '--data', data, '--fresh')).toEqual(inOneProcess);
    expect(readFileSync(join(data, 'kafka', 'prefix'), 'utf8')).not.toBe(prefix);
  });

  it('D1, D2, D3 with EventStoreDB instead of the SQLite file', async () => {
    const inOneProcess = await toItsEnd('--data', join(folder, 'one'));
    const data = join(folder, 'eventstore');
    const run = start('--kafka', '--eventstore', '--data', data, '--rate', '100');
    await until(run.isAtWork);
    const children = childrenOf(run.child).filter(lives);
    run.child.kill('SIGKILL');
    expect(await run.end).toBe('SIGKILL');
    await until(() => !children.some(lives));
    const other = start('--kafka', '--data', data);
    expect([await other.end, other.said.stderr]).toEqual([2, expect.stringContaining('event store: EventStoreDB then, none now')]);
    expect(await toItsEnd('--kafka', '--eventstore', '--data', data)).toEqual(inOneProcess);
  });

  it('D2: goes on when its processes are killed, which it starts again', async () => {
    const run = start('--kafka', '--data', join(folder, 'kafka'), '--rate', '50');
    await until(run.isAtWork);
    // The broker and its watch are not the demo's to start again.
    const workers = childrenOf(run.child).filter(({ command }) => /(manager|service)\.js/.test(command));
    for (const { pid } of workers) process.kill(pid, 'SIGKILL');
    expect([await run.end, run.said.stderr.match(/ended with SIGKILL; it is started again/g)?.length]).toEqual([0, workers.length]);
    expect(Object.values(JSON.parse(run.said.stdout).audit)).toEqual(Array(6).fill(true));
  });
});
