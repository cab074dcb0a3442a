import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { projectedStore, type RunningSkald, Skald } from '@skald/app';
import { defineSaga, Participant, participant, SagaAborted } from '@skald/decorators';
import { readHistory, stateOf, summarize } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openParticipantDatabase, openSqliteIndex, sqliteFence } from '@skald/event-store-sqlite';
import { checkLaws, type EventStore, type SagaIndex, SkaldError } from '@skald/kernel';
import { KafkaBus } from '@skald/message-bus-kafka';
import { Chance } from './chance.js';
import { type EventStoreServer, startOwnEventStore } from './eventstoredb-server.js';
import { startKafka, whyNoKafka } from './kafka-broker.js';

/** SKALD_CHAOS_MINUTES=10 makes it the long version, SKALD_SEED another one. */
const minutes = Number(process.env['SKALD_CHAOS_MINUTES'] ?? 0.6);
const seed = Number(process.env['SKALD_SEED'] ?? 1);
/** Sagas started in a second. */
const RATE = 20;

type Database = ReturnType<typeof openParticipantDatabase>;
interface Order {
  readonly n: number;
}

let db: Database;
const did = (n: number, what: string): void => {
  db.prepare('INSERT INTO effects VALUES (?, ?)').run(n, what);
};

@Participant('warehouse')
class Warehouse {
  private readonly slow = new Set<number>();

  async reserve({ n }: Order): Promise<string> {
    did(n, 'reserve');
    return `r-${n}`;
  }

  async release({ n }: Order): Promise<void> {
    did(n, 'release');
  }

  /** One in seven is tried again, by a timer. */
  async ship({ n }: Order): Promise<void> {
    const isFirst = !this.slow.has(n);
    this.slow.add(n);
    if (n % 7 === 0 && isFirst) throw new Error('the van broke down');
    did(n, 'ship');
  }
}

@Participant('bank')
class Bank {
  /** One in five is declined. */
  async charge({ n }: Order): Promise<void> {
    if (n % 5 === 0) throw new SagaAborted('declined');
    did(n, 'charge');
  }
}

const warehouse = participant<Warehouse>('warehouse');
const bank = participant<Bank>('bank');
const order = defineSaga<Order>({ name: 'order', version: 1 })
  .step('reserve', { run: (input) => warehouse.reserve(input), compensation: (input) => warehouse.release(input) })
  .step('charge', { run: (input) => bank.charge(input), pivot: true })
  .step('ship', { run: (input) => warehouse.ship(input), retry: { attempts: 8, delay: '2s' }, timeout: '30s' })
  .done();

const whyNot = whyNoKafka();
const cleanUp: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

class Deployment {
  readonly troubles: string[] = [];
  readonly managers = new Map<string, RunningSkald>();

  constructor(
    private readonly folder: string,
    readonly server: EventStoreServer,
    private readonly brokers: readonly string[],
    private readonly prefix = `killed-${randomUUID()}`,
  ) {}

  indexFile(name: string): string {
    return join(this.folder, `${name}.db`);
  }

  events(): Promise<EventStore> {
    const timeouts = { answer: 2_000, patience: 6_000 };
    return connectEventStore({ connectionString: this.server.connectionString, sagas: ['order'], timeouts });
  }

  bus(clientId: string): Promise<KafkaBus> {
    const consumer = { sessionTimeout: 6_000, heartbeatInterval: 300, maxWaitTimeInMs: 50 };
    const topics = { inboxPartitions: 8, partitions: 4 };
    return KafkaBus.connect({ kafka: { brokers: [...this.brokers], clientId }, prefix: this.prefix, topics, consumer, log: () => {} });
  }

  /** As its supervisor does: as often as it takes. */
  async manage(name: string): Promise<void> {
    const skald = Skald.connect({
      bus: () => this.bus(name),
      store: () => projectedStore(this.events(), openSqliteIndex({ file: this.indexFile(name) })),
      log: (line) => void this.troubles.push(line),
    }).sagas(order);
    for (;;) {
      try {
        this.managers.set(name, await skald.start());
        return;
      } catch (error) {
        if (!(error instanceof SkaldError && error.retryable)) throw error;
      }
    }
  }

  /** A manager that is stopped and whose index is deleted, while the others and all load go on. */
  async loseIndex(name: string): Promise<void> {
    await this.managers.get(name)?.stop();
    rmSync(this.indexFile(name));
    await this.manage(name);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.managers.values()].map((manager) => manager.stop()));
  }
}

async function deploy(): Promise<{ readonly deployment: Deployment; readonly shop: RunningSkald }> {
  const folder = mkdtempSync(join(tmpdir(), 'skald-killed-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const kafka = await startKafka();
  cleanUp.push(() => kafka.stop());
  const server = await startOwnEventStore({ data: join(folder, 'events') });
  cleanUp.push(() => server.stop());
  db = openParticipantDatabase(join(folder, 'shop.db'));
  db.exec('CREATE TABLE effects (n INTEGER, what TEXT)');
  cleanUp.push(() => db.close());
  const deployment = new Deployment(folder, server, kafka.brokers);
  await deployment.manage('manager-1');
  cleanUp.push(() => deployment.stop());
  await deployment.manage('manager-2');
  const shop = await Skald.connect({ bus: () => deployment.bus('shop'), log: () => {} })
    .sagas(order)
    .participant(Warehouse, { fence: sqliteFence(db) })
    .participant(Bank, { fence: sqliteFence(db) })
    .start();
  cleanUp.push(() => shop.stop());
  return { deployment, shop };
}

/** Each order is asked for until it is known to be started. */
async function placed(shop: RunningSkald, n: number): Promise<void> {
  for (;;) {
    try {
      await shop.sagas.start(order, { n }, { id: `${n}` });
      return;
    } catch (error) {
      if (!(error instanceof SkaldError && error.retryable)) throw error;
    }
  }
}

async function rage(server: EventStoreServer, chance: Chance, until: number): Promise<number> {
  let kills = 0;
  while (Date.now() < until) {
    await setTimeout(chance.between(500, 5_000));
    await server.kill();
    kills += 1;
    await setTimeout(chance.between(0, 3_000));
    await server.restart();
  }
  return kills;
}

async function rows(index: SagaIndex, count: number) {
  const { sagas } = await index.list({ limit: count + 1 });
  return sagas.toSorted((a, b) => (a.sagaId < b.sagaId ? -1 : 1));
}

function expectEffects(count: number): void {
  const effects = new Map<number, string[]>();
  for (const { n, what } of db.prepare('SELECT n, what FROM effects ORDER BY rowid').all()) {
    effects.set(Number(n), [...(effects.get(Number(n)) ?? []), String(what)]);
  }
  for (let n = 1; n <= count; n++) {
    expect([n, effects.get(n)]).toEqual([n, n % 5 === 0 ? ['reserve', 'release'] : ['reserve', 'charge', 'ship']]);
  }
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('Two managers over Kafka and EventStoreDB', () => {
  it(
    `end every saga and make each effect once while the event store is killed for ${minutes} minutes and an index is deleted`,
    async () => {
      const { deployment, shop } = await deploy();
      const chance = new Chance(seed);
      const until = Date.now() + minutes * 60_000;
      const raging = rage(deployment.server, chance, until);
      const placing: Promise<void>[] = [];
      const losing = setTimeout((minutes * 60_000) / 2).then(() => deployment.loseIndex('manager-2'));
      for (; Date.now() < until; await setTimeout(1_000 / RATE)) placing.push(placed(shop, placing.length + 1));
      const [kills] = await Promise.all([raging, losing, ...placing]);
      const count = placing.length;
      const sagas = Array.from({ length: count }, (_, at) => `order-${at + 1}`);
      const [first, second] = [...deployment.managers.values()];
      await Promise.all(sagas.map((sagaId) => first?.sagas.ended(sagaId)));
      const store = await deployment.events();
      cleanUp.push(() => store.close());
      const expected = [];
      for (const sagaId of sagas) {
        const history = await readHistory(store, sagaId);
        expect(checkLaws(history)).toEqual([]);
        expected.push(summarize(stateOf(history)));
      }
      expected.sort((a, b) => (a.sagaId < b.sagaId ? -1 : 1));
      expectEffects(count);
      for (const manager of [first, second]) {
        await manager?.sagas.caughtUp();
        expect((await manager?.sagas.lag())?.milliseconds).toBe(0);
        expect(await manager?.sagas.count()).toEqual({ completed: count - Math.floor(count / 5), compensated: Math.floor(count / 5) });
      }
      await deployment.stop();
      for (const name of deployment.managers.keys()) {
        const { index, close } = await openSqliteIndex({ file: deployment.indexFile(name) });
        expect(await rows(index, count)).toEqual(expected);
        expect(await index.due(Number.MAX_SAFE_INTEGER, 10)).toEqual([]);
        expect(await index.owing('', 10)).toEqual([]);
        await close();
      }
      process.stdout.write(`${count} sagas, ${kills} kills of the event store, ${deployment.troubles.length} troubles told\n`);
      expect(kills).toBeGreaterThan(1);
    },
    minutes * 60_000 + 240_000,
  );
});
