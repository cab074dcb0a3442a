/**
 * Sagas of three steps over Kafka, with the embedded event store and a participant with a SQLite fence, beside a plain kafkajs loop that moves
 * the same number and size of messages: `npm run bench -- kafka [--json] [--seconds 2] [--in-flight 1,10,100,1000,4000] [--rounds 4]
 * [--profile folder]`. The two take turns, lap by lap.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Kind } from './contestant.js';
import { reportOf, table } from './kafka-report.js';
import { race } from './race.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    'in-flight': { type: 'string', default: '1,10,100,1000,4000' },
    rounds: { type: 'string', default: '4' },
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

const kinds: readonly Kind[] = ['plain', 'skald'];
const report = reportOf(
  await race({
    brokers: values.brokers.split(','),
    kinds: kinds.filter((kind) => values.only === undefined || kind === values.only),
    inFlights: values['in-flight'].split(',').map(Number),
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    profile: values.profile,
    brokerCpu,
    lap: (kind, inFlight) => void (values.json || process.stderr.write(`${kind}, ${inFlight} in flight …\n`)),
  }),
);
process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : `${table(report).join('\n')}\n`);
