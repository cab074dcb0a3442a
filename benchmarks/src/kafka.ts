/**
 * Sagas of three steps over Kafka, with the embedded event store and a participant with a SQLite fence, beside a plain kafkajs loop that moves
 * the same number and size of messages: `npm run bench -- kafka [--json] [--seconds 6] [--in-flight 1,10,100,1000,4000] [--rounds 2]
 * [--profile folder]`. The two take turns, so that neither has the warmer broker.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Kind } from './contestant.js';
import { reportOf, table } from './kafka-report.js';
import { type Race, race } from './race.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '6' },
    'in-flight': { type: 'string', default: '1,10,100,1000,4000' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string' },
    profile: { type: 'string' },
    brokers: { type: 'string', default: process.env['KAFKA_BROKERS'] ?? 'localhost:9092' },
    'broker-pid': { type: 'string' },
  },
});

/** From the process table of Linux, in ticks of 10 ms; elsewhere it is not known. */
function brokerCpu(): number | undefined {
  try {
    const fields =
      readFileSync(`/proc/${values['broker-pid'] ?? 'none'}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

/** plain, skald, skald, plain, plain, … */
function turns(rounds: number): readonly Kind[] {
  const pair: readonly Kind[] = ['plain', 'skald'];
  const all = Array.from({ length: rounds }, (_, nth) => (nth % 2 === 0 ? pair : pair.toReversed())).flat();
  return all.filter((kind) => values.only === undefined || kind === values.only);
}

const options = {
  brokers: values.brokers.split(','),
  inFlights: values['in-flight'].split(',').map(Number),
  seconds: Number(values.seconds),
  profile: values.profile,
  brokerCpu,
};
const races: Record<Kind, Race[]> = { plain: [], skald: [] };
for (const kind of turns(Number(values.rounds))) {
  if (!values.json) process.stderr.write(`${kind} …\n`);
  races[kind].push(await race(kind, options));
}
const report = reportOf(races);
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${table(report).join('\n')}\n`);
