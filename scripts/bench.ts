/** `npm run bench -- NAME [options]`: a benchmark of `benchmarks/`; `kafka` with a broker of its own unless KAFKA_BROKERS names one. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startKafka } from '../integration-tests/src/kafka-broker.ts';
import { root } from './repository.ts';

const [name, ...rest] = process.argv.slice(2);

async function kafka(): Promise<number> {
  const broker = await startKafka({ forBenchmarks: true });
  try {
    const pid = broker.pid === undefined ? [] : ['--broker-pid', String(broker.pid)];
    const program = join(root, 'benchmarks', 'dist', 'kafka.js');
    const args = [program, '--brokers', broker.brokers.join(','), ...pid, ...rest];
    return spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
  } finally {
    await broker.stop();
  }
}

function embedded(program: string): number {
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'benchmarks', 'dist', `${program}.js`), ...rest];
  return spawnSync(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}

if (name === 'kafka') process.exitCode = await kafka();
else if (name === 'audit' || name === 'express' || name === 'waiting' || name === 'map') process.exitCode = embedded(name);
else {
  console.error('npm run bench -- audit [--json] [--events 1000000] [--open 5000] [--rounds 3] [--file FILE]');
  console.error('npm run bench -- kafka [--json] [--seconds 2] [--in-flight 1,10,100,1000,4000] [--rounds 4] [--profile folder]');
  console.error('npm run bench -- express [--json] [--seconds 2] [--in-flight 1,100,2000] [--rounds 3]');
  console.error('npm run bench -- waiting [--json] [--sagas 100000]');
  console.error('npm run bench -- map [--json] [--items 1000,10000] [--concurrency 20]');
  process.exitCode = 2;
}
