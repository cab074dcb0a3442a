import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aesGcmCodec, type RunningSkald, Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteStore, type SqliteKeyStore, sqliteKeyStore } from '@skald/event-store-sqlite';
import { KafkaBus } from '@skald/message-bus-kafka';
import kafkajs from 'kafkajs';

const SECRET = 'Ada Lovelace';
const brokers = process.env['KAFKA_BROKERS']?.split(',') ?? [];
const whyNot = brokers.length > 0 ? undefined : (process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set');

interface Order {
  readonly name: string;
  readonly total: number;
}

@Participant('bank')
class Bank {
  async charge({ name, total }: Order) {
    if (total > 100) throw new BusinessError(`${name} has no more than 100`);
    return { receipt: `paid by ${name}` };
  }
}

const bank = participant<Bank>('bank');
const versioned = (version: number) =>
  defineSaga<Order>({ name: 'order', version })
    .step('charge', (order) => bank.charge(order))
    .signal('go', { timeout: '1d' })
    .step('again', (order) => bank.charge(order))
    .done();
const [first, second] = [versioned(1), versioned(2)];

let folder: string;
let prefix: string;
let keys: SqliteKeyStore;
const running: RunningSkald[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-codec-'));
  prefix = `codec-${randomUUID()}`;
  keys = await sqliteKeyStore({ file: join(folder, 'keys.db'), masters: [{ id: 'm1', key: randomBytes(32) }] });
});
afterEach(async () => {
  for (const app of running.splice(0).reverse()) await app.stop();
  await keys.close();
  rmSync(folder, { recursive: true });
});

/** Each with a codec of its own over the same keys, as processes have it. */
function connected(more: object): Skald {
  const bus = () => KafkaBus.connect({ kafka: { brokers }, prefix, topics: { inboxPartitions: 4 }, log: () => {} });
  return Skald.connect({ bus, codec: aesGcmCodec({ keys }), log: () => {}, ...more });
}

async function started(wiring: Skald): Promise<RunningSkald> {
  const app = await wiring.start();
  running.push(app);
  return app;
}

const manager = () => connected({ store: () => openSqliteStore({ file: join(folder, 'skald.db'), shared: true }) });
const service = () => connected({ fenceFile: join(folder, 'fence.db') }).participants(Bank);

/** All that stands in the topics of this test. */
async function overheard(): Promise<string> {
  const kafka = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  let wanted = 0;
  for (const topic of topics) for (const { offset } of await admin.fetchTopicOffsets(topic)) wanted += Number(offset);
  await admin.disconnect();
  const consumer = kafka.consumer({ groupId: randomUUID() });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const texts: string[] = [];
  await new Promise<void>((resolve) => {
    void consumer.run({
      eachMessage: async ({ message }) => {
        if (texts.push(String(message.value)) >= wanted) resolve();
      },
    });
  });
  await consumer.disconnect();
  return texts.join('\n');
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('A system over Kafka with a codec', () => {
  it('shows nothing of its payloads in any topic or in the store, and comes to the same ends', async () => {
    await started(service());
    const { sagas } = await started(manager().sagas(first));
    await sagas.start(first, { name: SECRET, total: 5 }, { id: '1' });
    await sagas.signal(first, '1', 'go', { by: SECRET });
    expect(await sagas.result('order-1')).toMatchObject({ charge: { receipt: `paid by ${SECRET}` }, go: { by: SECRET } });
    await sagas.start(first, { name: SECRET, total: 500 }, { id: '2' });
    expect(await sagas.ended('order-2')).toMatchObject({ status: 'failed', reason: expect.stringContaining(SECRET) });
    await sagas.start(first, { name: SECRET, total: 6 }, { id: '3' });
    await sagas.cancel('order-3', { by: 'me', reason: SECRET });
    await sagas.ended('order-3');
    const said = await overheard();
    expect(said).toContain('order-1');
    expect(said).not.toContain('Lovelace');
    for (const end of ['', '-wal']) expect(readFileSync(join(folder, `skald.db${end}`)).includes('Lovelace')).toBe(false);
  });

  it('in a rolling deployment instances wait for a manager that has their version, and go on by themselves', async () => {
    await started(service());
    const old = await started(manager().sagas(first));
    await old.sagas.start(first, { name: SECRET, total: 5 }, { id: 'old' });
    // It starts and owns nothing yet, or a share of the partitions: whoever gets the start of the new version, it is brought to its end.
    const young = await started(manager().sagas(first, second));
    for (let n = 0; n < 8; n++) await young.sagas.start(second, { name: SECRET, total: n }, { id: `new-${n}` });
    running.splice(running.indexOf(old), 1);
    await old.stop();
    for (const id of ['old', ...Array.from({ length: 8 }, (_, n) => `new-${n}`)]) {
      await young.sagas.signal(second, id, 'go', undefined);
      expect(await young.sagas.ended(`order-${id}`)).toMatchObject({ status: 'completed' });
    }
    expect((await young.sagas.versions()).map(({ version, sagas }) => [version, sagas])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect((await young.sagas.get('order-new-7')).version).toBe(2);
  });
});
