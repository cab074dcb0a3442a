import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { openParticipantDatabase, openSqliteStore, sqliteFence } from '@skald/event-store-sqlite';
import { KafkaBus } from '@skald/message-bus-kafka';
import { until } from './kafka-load.js';

const brokers = process.env['KAFKA_BROKERS'];
const whyNot = process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set';

@Participant('stock')
class Stock {
  @SagaStep()
  async reserve() {
    return 'reserved';
  }
}

@Participant('courier')
class Courier {
  @SagaStep()
  async fetch() {
    return 'fetched';
  }
}

const [stock, courier] = [participant<Stock>('stock'), participant<Courier>('courier')];
const sound = defineSaga({ name: 'sound', version: 1 })
  .step('reserve', () => stock.reserve())
  .done();
const astray = defineSaga({ name: 'astray', version: 1 })
  .step('reserve', () => stock.reserve())
  .step('fetch', () => courier.fetch())
  .done();

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))(
  'A participant whose topic is missing, and may not be made',
  () => {
    it('A16: suspends the sagas that ask it, with the reason; others go on, and so do these once it is there', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'skald-missing-'));
      cleanUp.push(async () => rmSync(folder, { recursive: true, force: true }));
      const prefix = `missing-${randomUUID()}`;
      const kafka = { brokers: (brokers ?? '').split(','), clientId: 'test' };
      const connect = (missing: 'create' | 'check') => () =>
        KafkaBus.connect({ kafka, prefix, topics: { inboxPartitions: 2, partitions: 2, missing }, log: () => {} });
      const serve = async (service: typeof Stock | typeof Courier) => {
        const db = openParticipantDatabase(join(folder, `${service.name}.db`));
        cleanUp.push(async () => db.close());
        const running = await Skald.connect({ bus: connect('create'), log: () => {} })
          .participant(service, { fence: sqliteFence(db) })
          .start();
        cleanUp.push(() => running.stop());
      };
      await serve(Stock);
      const manager = await Skald.connect({
        bus: connect('check'),
        store: () => openSqliteStore({ file: join(folder, 'sagas.db') }),
        log: () => {},
      })
        .sagas(sound, astray)
        .start();
      cleanUp.push(() => manager.stop());
      const { sagas } = manager;
      for (let id = 0; id < 5; id++) await sagas.start(astray, undefined, { id: `${id}` });
      await until(async () => ((await sagas.count()).suspended ?? 0) === 5);
      expect((await sagas.list({ status: ['suspended'] })).sagas[0]?.error).toMatch(/^message-refused: .*courier\.commands.*missing/s);
      for (let id = 0; id < 50; id++) await sagas.start(sound, undefined, { id: `${id}` });
      await until(async () => ((await sagas.count()).completed ?? 0) === 50);
      await serve(Courier);
      // A topic that was not there is asked for again after some seconds.
      await until(async () => {
        for (let id = 0; id < 5; id++) {
          const { parked } = await sagas.get(`astray-${id}`);
          if (parked.size > 0) await sagas.resume(`astray-${id}`, { by: 'a person', reason: 'the courier is there' });
        }
        return ((await sagas.count()).completed ?? 0) === 55;
      });
    });
  },
);
