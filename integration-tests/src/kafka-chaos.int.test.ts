import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KafkaBus } from '@skald/message-bus-kafka';
import { Chaos, type Server } from './chaos.js';
import { startOwnEventStore } from './eventstoredb-server.js';
import { freePort, startOwnKafka, whyNoOwnKafka } from './kafka-broker.js';
import { FEED, MAIN, ShopProcesses, WORKERS } from './shop-processes.js';
import { TcpProxy } from './tcp-proxy.js';

/**
 * The order-fulfilment example as 2 managers, 6 processes of services, a broker, an event store, and one that places orders, all of which are
 * killed at random while orders come, and whose connections to both servers are delayed, cut and half closed. SKALD_CHAOS_MINUTES=10 SKALD_CHAOS_KILLS=100 makes it
 * the long version, SKALD_SEED another one.
 */
const minutes = Number(process.env['SKALD_CHAOS_MINUTES'] ?? 1.2);
const kills = Number(process.env['SKALD_CHAOS_KILLS'] ?? 20);
const seed = Number(process.env['SKALD_SEED'] ?? 1);
/** Orders a second: less than would keep two cores busy, so that there is always one coming. */
const RATE = 8;

const whyNot = whyNoOwnKafka();
const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

function placing(orders: number): string[] {
  return ['--json', '--orders', `${orders}`, '--seed', '1', '--decline', '0.1', '--out-of-stock', '0.1', '--crash-service', '0.1'];
}

/** The same orders in one process, without trouble: how they must end. */
function undisturbed(folder: string, orders: number): Record<string, unknown> {
  const args = ['--disable-warning=ExperimentalWarning', MAIN, '--data', join(folder, 'undisturbed'), ...placing(orders)];
  const { seconds: _, sagasPerSecond: __, ...report } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  return report;
}

async function openServers(isOnEventStoreDB: boolean, folder: string) {
  const servers = new Map<string, Server>();
  const proxies: TcpProxy[] = [];
  const proxyOf = async (port: number) => {
    const proxy = await TcpProxy.to(`127.0.0.1:${port}`);
    cleanUp.push(() => proxy.close());
    proxies.push(proxy);
    return proxy.port;
  };
  const port = await freePort();
  const advertisedPort = await proxyOf(port);
  // Every client that asks the broker for its address is sent to the proxy.
  const kafka = await startOwnKafka({ port, advertisedPort });
  cleanUp.push(() => kafka.stop());
  servers.set('broker', kafka);
  const opened = { servers, proxies, broker: `127.0.0.1:${advertisedPort}` };
  if (!isOnEventStoreDB) return opened;
  const store = await startOwnEventStore({ data: join(folder, 'events') });
  cleanUp.push(() => store.stop());
  servers.set('event store', store);
  const { hostname, port: own, search } = new URL(store.connectionString);
  return { ...opened, eventstore: `esdb://${hostname}:${await proxyOf(Number(own))}${search}` };
}

async function openShop(orders: number, isOnEventStoreDB: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'skald-chaos-'));
  if (!process.env['SKALD_KEEP']) cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const { servers, proxies, broker, eventstore } = { eventstore: undefined, ...(await openServers(isOnEventStoreDB, folder)) };
  const target = ['--kafka', '--elsewhere', '--brokers', broker, '--data', join(folder, 'feed'), '--rate', `${RATE}`];
  const store = eventstore === undefined ? [] : ['--eventstore', eventstore];
  const shop = new ShopProcesses({ folder, broker, eventstore, feed: [...target, ...store, ...placing(orders)] });
  cleanUp.push(() => shop.stopAll());
  return { folder, servers, proxies, broker, shop };
}

async function deadLetters(broker: string): Promise<string[]> {
  const bus = await KafkaBus.connect({ kafka: { brokers: [broker] }, prefix: 'shop' });
  const addresses = [
    { to: 'inbox' } as const,
    ...['orders', 'payments', 'inventory'].map((participant) => ({ to: 'participant', participant }) as const),
  ];
  const letters = [];
  for (const address of addresses) letters.push(...(await bus.deadLetters(address)));
  await bus.close();
  return letters.map((letter) => JSON.stringify(letter));
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('Services over Kafka', () => {
  it.each([
    ['a shared SQLite file', false],
    ['EventStoreDB', true],
  ])(
    `with %s end every saga, and make each effect once, while ${kills} processes are killed in ${minutes} minutes and connections are cut`,
    async (_, isOnEventStoreDB) => {
      const orders = Math.round(minutes * 60 * RATE);
      const { folder, servers, proxies, shop, broker } = await openShop(orders, isOnEventStoreDB);
      for (const name of [...WORKERS, FEED]) shop.start(name);
      const chaos = new Chaos(shop, servers, proxies, seed);
      await chaos.rage({ milliseconds: minutes * 60_000, kills });
      const { code, stdout } = await shop.feedEnd();
      expect(shop.endedByThemselves).toEqual([]);
      const report = JSON.parse(stdout || '{}');
      process.stderr.write(`${JSON.stringify({ kills: Object.fromEntries(chaos.kills), ...chaos.troubles, ...report })}\n`);
      expect({ code, ...report }).toMatchObject({ code: 0, ...undisturbed(folder, orders) });
      expect(Object.values(report.audit)).toEqual(Array(6).fill(true));
      expect(await deadLetters(broker)).toEqual([]);
      expect(chaos.killed).toBe(kills);
    },
    minutes * 60_000 + 240_000,
  );
});
