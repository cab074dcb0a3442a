/**
 * What a process costs that waits: CPU seconds of a connected manager and of a service process of the order-fulfilment example with nothing to
 * do, with kafkajs' timers mended and as they are. After a build: KAFKA_BROKERS=… node benchmarks/dist/idle.js [seconds]; prints JSON.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const seconds = Number(process.argv[2] ?? 30);
/** Joining groups and the first garbage are not idleness. */
const SETTLE = 5_000;
const example = fileURLToPath(new URL('../../examples/order-fulfilment/dist/', import.meta.url));

async function start(program: string, kafkajs: string, folder: string, ...args: readonly string[]): Promise<ChildProcess> {
  const child = fork(join(example, `${program}.js`), [...args], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--import', new URL('./idle-preload.js', import.meta.url).href],
    env: {
      ...process.env,
      KAFKA_BROKERS: process.env['KAFKA_BROKERS'] ?? 'localhost:9092',
      KAFKA_PREFIX: `idle-${process.pid}-${kafkajs}`,
      STORE_FILE: join(folder, 'skald.db'),
      ORDERS_DATABASE: join(folder, 'orders.db'),
      SKALD_KAFKAJS: kafkajs,
      // What it says of timers that are negative is known.
      NODE_NO_WARNINGS: '1',
    },
  });
  const [message] = await once(child, 'message');
  if (message !== 'ready') throw new Error(`${program} says ${String(message)}`);
  return child;
}

async function cpuSeconds(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message');
  child.send('cpu');
  const [{ cpu }] = (await answer) as [{ readonly cpu: NodeJS.CpuUsage }];
  return (cpu.user + cpu.system) / 1_000_000;
}

async function measure(kafkajs: 'mended' | 'as-it-is'): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'skald-idle-'));
  // One after the other: at once they would make the topics twice.
  const manager = await start('manager', kafkajs, folder);
  const service = await start('service', kafkajs, folder, 'orders');
  const children = [manager, service];
  await setTimeout(SETTLE);
  const before = await Promise.all(children.map(cpuSeconds));
  await setTimeout(seconds * 1_000);
  const after = await Promise.all(children.map(cpuSeconds));
  const ends = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGTERM');
  await Promise.all(ends);
  rmSync(folder, { recursive: true, force: true });
  const [ofManager = 0, ofService = 0] = after.map((cpu, at) => Math.round((cpu - (before[at] ?? 0)) * 1_000) / 1_000);
  return { manager: ofManager, service: ofService };
}

const mended = await measure('mended');
const asItIs = await measure('as-it-is');
process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds: { mended, asItIs } })}\n`);
