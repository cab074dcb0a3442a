/**
 * Commands and replies between two processes, three round trips a saga: a plain kafkajs loop, as good as it gets (one produce for each flush,
 * explicit partitions, commits off the path, the same remedies), and the same messages through KafkaBus, in turns in one run.
 *
 * After a build: KAFKA_BROKERS=… node packages/message-bus-kafka/bench/ping-pong.ts [--seconds 4] [--in-flight 1,10,100,1000]
 * Prints JSON: sagas a second and latency in milliseconds for each, and the ratio of bus to plain loop.
 */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { busLink } from './bus-link.ts';
import type { Link } from './link.ts';
import { plainLink } from './plain-link.ts';

const ROUND_TRIPS = 3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    'in-flight': { type: 'string', default: '1,10,100,1000' },
    participant: { type: 'string' },
    prefix: { type: 'string', default: '' },
  },
});
const brokers = (process.env['KAFKA_BROKERS'] ?? 'localhost:9092').split(',');

type Kind = 'plain' | 'bus';
const open = (kind: Kind, prefix: string): Promise<Link> => (kind === 'plain' ? plainLink(brokers, prefix) : busLink(brokers, prefix));

async function participate(kind: Kind, prefix: string): Promise<void> {
  const link = await open(kind, prefix);
  await link.answerCommands();
  process.send?.('ready');
  const ready = process.cpuUsage();
  process.once('message', () => {
    const { user, system } = process.cpuUsage(ready);
    process.send?.({ cpu: (user + system) / 1e6 });
    void link.close().then(() => process.exit(0));
  });
}

interface Measured {
  readonly sagas: number;
  readonly sagasPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Keeps so many sagas in flight for a while. */
async function measure(link: Link, inFlight: number, seconds: number): Promise<Measured> {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  let nextSaga = 0;
  let open = 0;
  await new Promise<void>((resolve) => {
    const steps = new Map<string, { at: number; step: number }>();
    const begin = (): void => {
      if (performance.now() >= until) return open === 0 ? resolve() : undefined;
      const sagaId = `order-${inFlight}-${nextSaga++}`;
      open++;
      steps.set(sagaId, { at: performance.now(), step: 1 });
      link.command(sagaId, 1);
    };
    link.onReply = (sagaId) => {
      const saga = steps.get(sagaId);
      if (!saga) return;
      if (saga.step < ROUND_TRIPS) return link.command(sagaId, ++saga.step);
      steps.delete(sagaId);
      open--;
      latencies.push(performance.now() - saga.at);
      begin();
    };
    for (let n = 0; n < inFlight; n++) begin();
  });
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? Number.NaN;
  return {
    sagas: latencies.length,
    sagasPerSecond: latencies.length / ((performance.now() - started) / 1_000),
    p50: at(0.5),
    p99: at(0.99),
  };
}

interface Round {
  readonly of: ReadonlyMap<number, Measured>;
  /** Milliseconds of CPU a saga, of both processes together. */
  readonly cpu: number;
}

async function round(kind: Kind, inFlights: readonly number[], seconds: number): Promise<Round> {
  const prefix = `bench-${kind}-${randomUUID()}`;
  const link = await open(kind, prefix);
  const child = fork(fileURLToPath(import.meta.url), ['--participant', kind, '--prefix', prefix], { stdio: 'inherit' });
  await new Promise((resolve) => child.once('message', resolve));
  await link.readReplies();
  const found = new Map<number, Measured>();
  const before = process.cpuUsage();
  await measure(link, 100, 1);
  for (const inFlight of inFlights) found.set(inFlight, await measure(link, inFlight, seconds));
  const { user, system } = process.cpuUsage(before);
  const told = new Promise<number>((resolve) => child.once('message', (message: { cpu: number }) => resolve(message.cpu)));
  child.send('end');
  await link.close();
  const cpu = (user + system) / 1e6 + (await told);
  const sagas = [...found.values()].reduce((sum, one) => sum + one.sagas, 0);
  return { of: found, cpu: (cpu * 1_000) / sagas };
}

const mean = (all: readonly number[]): number => Math.round((all.reduce((sum, one) => sum + one, 0) / all.length) * 100) / 100;

async function main(): Promise<void> {
  const inFlights = values['in-flight'].split(',').map(Number);
  const rounds: Record<Kind, Round[]> = { plain: [], bus: [] };
  for (const kind of ['plain', 'bus', 'bus', 'plain', 'plain', 'bus', 'bus', 'plain'] as const)
    rounds[kind].push(await round(kind, inFlights, Number(values.seconds)));
  const report = inFlights.map((inFlight) => {
    const of = (kind: Kind, what: keyof Measured): number => mean(rounds[kind].map((one) => one.of.get(inFlight)?.[what] ?? Number.NaN));
    const all = (kind: Kind) => ({ sagasPerSecond: of(kind, 'sagasPerSecond'), p50: of(kind, 'p50'), p99: of(kind, 'p99') });
    return { inFlight, plain: all('plain'), bus: all('bus'), ratio: mean([of('bus', 'sagasPerSecond') / of('plain', 'sagasPerSecond')]) };
  });
  const cpu = (kind: Kind): number => mean(rounds[kind].map((one) => one.cpu));
  const cpuMillisecondsPerSaga = { plain: cpu('plain'), bus: cpu('bus') };
  process.stdout.write(`${JSON.stringify({ report, cpuMillisecondsPerSaga }, null, 2)}\n`);
}

if (values.participant === 'plain' || values.participant === 'bus') await participate(values.participant, values.prefix);
else await main();
