/**
 * A manager on EventStoreDB for as many hours as it is told, by a clock of its own: each minute a saga that waits for half of it, each ten
 * minutes all connections to the store are cut, each twelve hours the store is killed. Prints what the process holds, after each sixth.
 */
import 'reflect-metadata';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { projectedStore, Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openSqliteIndex } from '@skald/event-store-sqlite';
import { InProcessBus } from '@skald/message-bus-in-process';
import { VirtualClock } from '@skald/testkit';
import { startOwnEventStore } from './eventstoredb-server.js';
import { TcpProxy } from './tcp-proxy.js';

@Participant('bell')
class Bell {
  async ring(minute: number): Promise<number> {
    return minute;
  }
}

const bell = participant<Bell>('bell');
const hourglass = defineSaga<number>({ name: 'hourglass', version: 1 })
  .wait('turn', '30s')
  .step('ring', (minute) => bell.ring(minute))
  .done();

export interface Holding {
  readonly hour: number;
  readonly heapMiB: number;
  readonly descriptors: number;
  /** Timers, sockets and the like that keep the process going. */
  readonly resources: number;
  /** Of the process, and of the clock. */
  readonly listeners: number;
  readonly alarms: number;
}

export interface Soak {
  readonly cuts: number;
  readonly kills: number;
  readonly troubles: number;
  readonly completed: number;
  readonly holdings: readonly Holding[];
}

const hours = Number(process.argv[2] ?? 1);
const SAMPLES = 6;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const folder = mkdtempSync(join(tmpdir(), 'skald-soak-'));
const server = await startOwnEventStore({ data: join(folder, 'events') });
const { hostname, port, search } = new URL(server.connectionString);
const proxy = await TcpProxy.to(`${hostname}:${port}`);
const clock = new VirtualClock();
let troubles = 0;
const app = await Skald.connect({
  bus: async () => new InProcessBus(),
  store: () =>
    projectedStore(
      // A subscription that hears nothing is renewed within each minute of the clock.
      connectEventStore({
        ...{ connectionString: `esdb://127.0.0.1:${proxy.port}${search}`, sagas: ['hourglass'], timeouts: { quiet: 20 } },
        onTrouble() {
          troubles += 1;
        },
      }),
      openSqliteIndex({ file: join(folder, 'index.db') }),
    ),
  fenceFile: join(folder, 'fence.db'),
  clock,
  cachedSagas: 100,
})
  .sagas(hourglass)
  .participants(Bell)
  .start();

async function minute(nth: number): Promise<void> {
  const until = clock.now() + 60_000;
  const saga = await app.sagas.start(hourglass, nth, { id: `${nth}` });
  let isOver = false;
  const over = saga.result().finally(() => (isOver = true));
  while (!isOver) {
    await clock.advance(1_000);
    await setTimeout(1);
  }
  await over;
  await clock.advanceTo(Math.max(until, clock.now()));
}

async function holding(hour: number): Promise<Holding> {
  await app.sagas.caughtUp();
  // What would be sent again, had it been lost, is looked at once more.
  await clock.advance(60_000);
  // What was cut is closed, and what was closed is let go.
  for (let turn = 0; turn < 5; turn++) {
    await setTimeout(50);
    collectGarbage();
  }
  return {
    hour,
    heapMiB: Math.round(process.memoryUsage().heapUsed / 2 ** 16) / 16,
    descriptors: readdirSync('/proc/self/fd').length,
    resources: process.getActiveResourcesInfo().length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    alarms: clock.pending,
  };
}

let [cuts, kills] = [0, 0];
const minutes = Math.round(hours * 60);
const holdings: Holding[] = [];
for (let nth = 1; nth <= minutes; nth++) {
  if (nth % 10 === 0) {
    proxy.cut(() => true);
    cuts += 1;
  }
  if (nth % 720 === 360) {
    await server.kill();
    await server.restart();
    kills += 1;
  }
  await minute(nth);
  if (nth % Math.floor(minutes / SAMPLES) === 0) holdings.push(await holding(nth / 60));
}
const { completed = 0 } = await app.sagas.count();
await app.stop();
await proxy.close();
await server.stop();
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify({ cuts, kills, troubles, completed, holdings } satisfies Soak));
