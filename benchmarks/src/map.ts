/**
 * `npm run bench -- map [--json] [--items 1000,10000] [--concurrency 20]`: one saga that asks for so many items on the embedded default, and
 * one that then turns back and undoes them all. Each in a process of its own: seconds, CPU, events, peak memory, and the ratios of the last to
 * the first number of items. What is linear has the ratio of the items.
 */
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';

interface Lap {
  readonly items: number;
  readonly back: boolean;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly events: number;
  /** Resident memory of the process at its highest, less what it had before the saga began. */
  readonly mebibytes: number;
  readonly storeMebibytes: number;
  /** `sagas.get` of the ended saga, in milliseconds. */
  readonly readMilliseconds: number;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    items: { type: 'string', default: '1000,10000' },
    concurrency: { type: 'string', default: '20' },
    lap: { type: 'string' },
    back: { type: 'boolean', default: false },
  },
});
const MEBIBYTE = 1024 * 1024;

@Participant('shipping')
class Shipping {
  @SagaStep({ compensation: 'recall' })
  async dispatch(line: number): Promise<{ parcel: string }> {
    return { parcel: `p${line}` };
  }
  async recall(_line: number): Promise<void> {}
  async close(refuses: boolean): Promise<void> {
    if (refuses) throw new BusinessError('closed');
  }
}

async function lap(items: number, back: boolean): Promise<Lap> {
  const shipping = participant<Shipping>('shipping');
  const saga = defineSaga<{ readonly items: number }>({ name: 'order', version: 1 })
    .map('ship', {
      items: (order) => Array.from({ length: order.items }, (_, line) => line),
      run: (line) => shipping.dispatch(line),
      concurrency: Number(values.concurrency),
    })
    .step('close', () => shipping.close(back))
    .result((_order, { results }) => results.ship.filter((shipment) => shipment !== undefined).length);
  const folder = mkdtempSync(join(tmpdir(), 'skald-map-'));
  const file = join(folder, 'skald.db');
  const app = await Skald.embedded({ file }).sagas(saga).participants(Shipping).start();
  let peak = 0;
  const before = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const { sagaId, ended } = await app.sagas.start(saga, { items });
  const { status, output } = await ended();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1_000_000;
  clearInterval(watch);
  if (status !== (back ? 'compensated' : 'completed') || (!back && output !== items))
    throw new Error(`ended ${status} with ${String(output)}`);
  const read = performance.now();
  await app.sagas.get(sagaId);
  const readMilliseconds = performance.now() - read;
  const events = (await app.sagas.history(sagaId)).length;
  await app.stop();
  const storeMebibytes = statSync(file).size / MEBIBYTE;
  rmSync(folder, { recursive: true, force: true });
  return { items, back, seconds, cpuSeconds, events, mebibytes: Math.max(0, peak - before) / MEBIBYTE, storeMebibytes, readMilliseconds };
}

async function elsewhere(items: number, back: boolean): Promise<Lap> {
  const args = ['--lap', String(items), '--concurrency', values.concurrency, ...(back ? ['--back'] : [])];
  const child = fork(fileURLToPath(import.meta.url), args, { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const [measured] = await once(child, 'message');
  await once(child, 'exit');
  return measured as Lap;
}

function line({ items, back, seconds, cpuSeconds, events, mebibytes, storeMebibytes, readMilliseconds }: Lap): string {
  const what = `${items} items${back ? ', all undone' : ''}`;
  const memory = `${mebibytes.toFixed(0)} MiB of memory, ${storeMebibytes.toFixed(1)} MiB stored`;
  return `${what}: ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU, ${events} events, ${memory}, read again in ${readMilliseconds.toFixed(0)} ms`;
}

async function report(): Promise<void> {
  const counts = values.items.split(',').map(Number);
  const laps: Lap[] = [];
  for (const back of [false, true]) {
    for (const items of counts) {
      const measured = await elsewhere(items, back);
      laps.push(measured);
      if (!values.json) process.stdout.write(`${line(measured)}\n`);
    }
  }
  const ratio = (back: boolean, of: 'items' | 'seconds' | 'cpuSeconds' | 'events'): number => {
    const same = laps.filter((one) => one.back === back);
    return Number(((same.at(-1)?.[of] ?? 0) / (same[0]?.[of] ?? 1)).toFixed(2));
  };
  const ratios = {
    items: ratio(false, 'items'),
    events: ratio(false, 'events'),
    seconds: ratio(false, 'seconds'),
    cpuSeconds: ratio(false, 'cpuSeconds'),
    secondsBack: ratio(true, 'seconds'),
    cpuSecondsBack: ratio(true, 'cpuSeconds'),
  };
  if (values.json) process.stdout.write(`${JSON.stringify({ laps, ratios })}\n`);
  else process.stdout.write(`ratios ${JSON.stringify(ratios)}\n`);
}

if (values.lap === undefined) await report();
else process.send?.(await lap(Number(values.lap), values.back));
