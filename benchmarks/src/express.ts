/**
 * Express sagas beside standard ones: the same three steps, embedded, with a transactional fence, in turns, in one process:
 * `npm run bench -- express [--json] [--seconds 2] [--in-flight 1,100,2000] [--rounds 3]`.
 */
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Skald } from '@skald/app';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { measure } from './load.js';
import { median } from './median.js';
import { orderSaga, Shop } from './skald-contestant.js';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    'in-flight': { type: 'string', default: '1,100,2000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
});

const sagas = {
  standard: orderSaga('standard', {}),
  express: orderSaga('express', { mode: 'express' }),
  'express without summary': orderSaga('bare', { mode: 'express', summary: 'none' }),
};
type Name = keyof typeof sagas;
const names = (Object.keys(sagas) as Name[]).filter((name) => values.only === undefined || name === values.only);

const folder = mkdtempSync(join(tmpdir(), 'skald-bench-'));
const db = openParticipantDatabase(join(folder, 'shop.db'));
const app = await Skald.embedded({ file: join(folder, 'sagas.db') })
  .sagas(...Object.values(sagas))
  .participant(Shop, { fence: sqliteFence(db) })
  .start();

async function lap(name: Name, inFlight: number, seconds: number) {
  const run = async (id: string): Promise<void> => {
    const saga = await app.sagas.start(sagas[name], { id }, { id });
    const { status } = await saga.ended();
    if (status !== 'completed') throw new Error(`saga ${id} ended ${status}`);
  };
  return measure(run, inFlight, seconds);
}

const levels = [];
for (const name of names) await lap(name, 100, 0.5);
for (const inFlight of values['in-flight'].split(',').map(Number)) {
  const laps: Record<Name, Awaited<ReturnType<typeof lap>>[]> = { standard: [], express: [], 'express without summary': [] };
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) laps[name].push(await lap(name, inFlight, Number(values.seconds)));
  }
  const rate = (name: Name): number => median(laps[name].map(({ sagasPerSecond }) => sagasPerSecond));
  const ratio = (name: Name): number =>
    median(laps[name].map(({ sagasPerSecond }, at) => sagasPerSecond / (laps.standard[at]?.sagasPerSecond ?? Number.NaN)));
  const figures = names.map((name) => ({
    name,
    sagasPerSecond: rate(name),
    ratio: ratio(name),
    p50: median(laps[name].map(({ latency }) => latency.p50)),
    p99: median(laps[name].map(({ latency }) => latency.p99)),
    cpu: median(laps[name].map(({ cpu }) => cpu * 1_000)),
  }));
  levels.push({ inFlight, figures });
}

if (values.json) console.log(JSON.stringify({ levels }));
else {
  for (const { inFlight, figures } of levels) {
    console.log(`${inFlight} in flight`);
    for (const { name, sagasPerSecond, ratio, p50, p99, cpu } of figures) {
      console.log(`  ${name.padEnd(24)} ${sagasPerSecond} sagas/s, ratio ${ratio}, p50 ${p50} ms, p99 ${p99} ms, CPU ${cpu} µs/saga`);
    }
  }
}
await app.stop();
db.close();
rmSync(folder, { recursive: true, force: true });
