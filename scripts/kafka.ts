/**
 * A broker at hand: `npm run kafka -- start [--port 9092] | stop | status`. Prints the brokers, for KAFKA_BROKERS. Its data stays in
 * `.kafka/at-hand` from one start to the next.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKafka, stopContainer } from '../integration-tests/src/kafka-broker.ts';
import { root } from './repository.ts';

const folder = join(root, '.kafka', 'at-hand');
const file = join(folder, 'running.json');

interface Running {
  readonly brokers: readonly string[];
  readonly pid?: number;
}

function running(): Running | undefined {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Running;
    if (found.pid !== undefined) process.kill(found.pid, 0);
    return found;
  } catch {
    return undefined;
  }
}

async function start(port: number): Promise<void> {
  const found = running();
  if (found) return console.log(found.brokers.join(','));
  mkdirSync(folder, { recursive: true });
  const { brokers, pid } = await startKafka({ port, detached: true, keepData: folder });
  writeFileSync(file, JSON.stringify({ brokers, ...(pid !== undefined && { pid }) }));
  console.log(brokers.join(','));
}

async function stop(): Promise<void> {
  const found = running();
  if (found?.pid !== undefined) {
    process.kill(found.pid, 'SIGTERM');
    while (running()) await new Promise((resolve) => setTimeout(resolve, 100));
  } else if (found && !process.env['KAFKA_BROKERS']) stopContainer(found.brokers);
  rmSync(file, { force: true });
  console.log(found ? 'stopped' : 'not running');
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { port: { type: 'string', default: '9092' } } });
const [verb] = positionals;
if (verb === 'start') await start(Number(values.port));
else if (verb === 'stop') await stop();
else if (verb === 'status') console.log(running()?.brokers.join(',') ?? 'not running');
else {
  console.error('npm run kafka -- start [--port 9092] | stop | status');
  process.exitCode = 2;
}
