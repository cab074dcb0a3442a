import { afterEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '@skald/kernel';
import kafkajs, { type Message } from 'kafkajs';
import { brokers, closeAll, connect, numbered, numberOf, uniquePrefix, until, whyNot } from './kafka-subject.contract.js';
import { MALFORMED, soundReply } from './malformed-messages.contract.js';
import { partitionOf } from './murmur2.js';

const context = { source: '/foreign', inboxTopic: '', inboxPartition: () => 0, clientsTopic: '', clientPartition: () => 0 };
const kafka = () => new kafkajs.Kafka({ brokers: brokers ?? [], logLevel: kafkajs.logLevel.NOTHING });

async function produce(topic: string, messages: Message[]): Promise<void> {
  const producer = kafka().producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('KafkaBus and what others write', () => {
  afterEach(closeAll);

  it('C5, D1: lays 1,000 messages of all kinds that cannot be read with the dead letters, and goes on', async () => {
    const prefix = uniquePrefix('poison');
    const bus = await connect(prefix);
    const seen = new Set<number>();
    await bus.consume({ to: 'inbox' }, (batch) => {
      for (const delivery of batch) {
        seen.add(numberOf(delivery));
        delivery.done();
      }
    });
    const spoiled = Array.from({ length: 1_000 }, (_, n) => MALFORMED[n % MALFORMED.length]?.spoil(soundReply('order-1', context)));
    const messages = spoiled.map((record, n) => ({ ...record, partition: n % 4 }) as Message);
    for (let n = 0; n < 10; n++) {
      await produce(`${prefix}.sagas`, messages.slice(n * 100, n * 100 + 100));
      await bus.publish(Array.from({ length: 20 }, (_, i) => numbered(`order-${i}`, n * 20 + i)));
    }
    await until(() => seen.size === 200);
    await until(async () => (await bus.deadLetters({ to: 'inbox' })).length === 1_000);
    const letters = await bus.deadLetters({ to: 'inbox' });
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(MALFORMED.map(({ reason }) => reason)));
    for (const { topic, offset, problem } of letters)
      expect({ topic, known: offset !== '', problem }).toEqual({
        topic: `${prefix}.sagas`,
        known: true,
        problem: expect.stringMatching(/.+/),
      });
  });

  it('D2, D3: sends dead letters back where they came from, once', async () => {
    const prefix = uniquePrefix('back');
    const bus = await connect(prefix);
    const payment = { to: 'participant', participant: 'payment' } as const;
    const delivered: Delivery[] = [];
    const consumer = await bus.consume(payment, (batch) => void delivered.push(...batch));
    const { key, headers } = soundReply('order-1', context);
    await produce(
      `${prefix}.payment.commands`,
      ['one', 'two', 'three'].map((value) => ({ key, headers, value, partition: 1 })),
    );
    await until(async () => (await bus.deadLetters(payment)).length === 3);
    await consumer.stop();
    expect(await bus.sendBack(payment, 2)).toBe(2);
    expect((await bus.deadLetters(payment)).map(({ value }) => String(value))).toEqual(['three']);
    expect(await bus.sendBack(payment)).toBe(1);
    expect(await bus.sendBack(payment)).toBe(0);
    await bus.consume(payment, (batch) => void delivered.push(...batch));
    await until(async () => (await bus.deadLetters(payment)).length === 3);
    const letters = await bus.deadLetters(payment);
    expect(letters.map(({ value, partition }) => [String(value), partition])).toEqual([
      ['one', 1],
      ['two', 1],
      ['three', 1],
    ]);
    expect(Object.keys(letters[0]?.headers ?? {}).filter((name) => name.startsWith('skald_'))).toEqual([]);
    expect(delivered).toEqual([]);
  });

  it('A14, C5: sends on what a foreign partitioner has put in the wrong partition', async () => {
    const prefix = uniquePrefix('astray');
    const bus = await connect(prefix);
    const sagas = Array.from({ length: 20 }, (_, n) => `order-${n}`);
    await produce(
      `${prefix}.sagas`,
      sagas.map((sagaId) => ({ ...soundReply(sagaId, context), partition: (bus.partitioning.of(sagaId) + 1) % 4 })),
    );
    const seen = new Map<string, number | undefined>();
    await bus.consume({ to: 'inbox' }, (batch) => {
      for (const { message, partition } of batch) seen.set(message.sagaId, partition);
    });
    await until(() => seen.size === sagas.length);
    for (const [sagaId, partition] of seen) expect(partition).toBe(partitionOf(Buffer.from(sagaId), 4));
  });

  it('B1: refuses a message that is too large, by its saga, and sends the others', async () => {
    const bus = await connect(uniquePrefix('large'), { topics: { maxMessageBytes: 100_000 } });
    const seen: string[] = [];
    await bus.consume({ to: 'inbox' }, (batch) => void seen.push(...batch.map(({ message }) => message.sagaId)));
    const all = Array.from({ length: 50 }, (_, n) => numbered(`order-${n}`, n, n === 17 ? 'x'.repeat(150_000) : ''));
    await expect(bus.publish(all)).rejects.toMatchObject({ code: 'message-refused', details: { sagaId: 'order-17' } });
    await until(() => new Set(seen).size === 49);
    expect(seen).not.toContain('order-17');
  });

  it('A15, T1, T2, T3: refuses topics that would lose messages, and says how to mend them', async () => {
    const prefix = uniquePrefix('topics');
    const missing = connect(prefix, { topics: { missing: 'check' } });
    await expect(missing).rejects.toMatchObject({
      code: 'topics-missing',
      message: expect.stringContaining(`--create --topic ${prefix}.sagas --partitions 4`),
    });
    const bus = await connect(prefix);
    await bus.close();
    await expect(connect(prefix, { topics: { inboxPartitions: 5 } })).rejects.toMatchObject({
      code: 'inbox-partitions-differ',
      details: { there: 4, wanted: 5 },
    });
    const checked = await connect(prefix, { topics: { missing: 'check' } });
    await checked.close();
    const admin = kafka().admin();
    await admin.connect();
    const configEntries = [{ name: 'cleanup.policy', value: 'compact' }];
    await admin.createTopics({ topics: [{ topic: `${prefix}.payment.commands`, numPartitions: 1, configEntries }] });
    await admin.disconnect();
    const other = await connect(prefix);
    await expect(other.consume({ to: 'participant', participant: 'payment' }, () => {})).rejects.toMatchObject({
      code: 'topic-unsuitable',
    });
  });
});
