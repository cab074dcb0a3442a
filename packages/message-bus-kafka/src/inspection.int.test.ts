import { afterEach, describe, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { inspectKafka } from './inspection.js';
import { brokers, closeAll, connect, numbered, uniquePrefix, until, whyNot } from './kafka-subject.contract.js';

const QUICK = { sessionTimeout: 6_000, heartbeatInterval: 200, maxWaitTimeInMs: 50 };
const silent = () => {};

function inspect(prefix: string, options: Partial<Parameters<typeof inspectKafka>[0]> = {}) {
  return inspectKafka({ kafka: { brokers: brokers ?? [] }, prefix, log: silent, ...options });
}

async function withAdmin<T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = new Kafka({ brokers: brokers ?? [], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('What stands at the brokers', () => {
  afterEach(closeAll);

  it('is told of topics, consumers, what waits, and dead letters', async () => {
    const prefix = uniquePrefix('look');
    const bus = await connect(prefix, { consumer: QUICK });
    const command = { kind: 'command', sagaId: 'order-1', step: 's', action: 'a', args: [], key: 'k', attempt: 1, round: 1 };
    await bus.publish([numbered('order-1', 1), numbered('order-2', 2)]);
    const before = await inspect(prefix);
    expect(before.missing).toEqual([]);
    expect(before.findings).toEqual([]);
    expect(before.consumers).toEqual([
      expect.objectContaining({ address: 'inbox', partitions: 4, members: 0, waiting: 2, waitingLong: 0, written: 2 }),
    ]);
    expect(before.clockAhead).toBe(0);
    const taken: number[] = [];
    await bus.consume({ to: 'inbox' }, (batch) => {
      for (const delivery of batch) {
        taken.push(1);
        delivery.done();
      }
    });
    await bus.consume({ to: 'participant', participant: 'stock' }, silent);
    await withAdmin(async () => {
      const producer = new Kafka({ brokers: brokers ?? [], logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      await producer.send({ topic: `${prefix}.sagas`, messages: [{ key: 'order-3', value: JSON.stringify(command) }] });
      await producer.disconnect();
    });
    await until(async () => {
      const { consumers, deadLetters } = await inspect(prefix);
      return taken.length === 2 && consumers[0]?.waiting === 0 && deadLetters.length === 1;
    });
    const after = await inspect(prefix);
    expect(after.deadLetters).toEqual([{ topic: `${prefix}.sagas.dlt`, count: 1 }]);
    expect(after.consumers).toMatchObject([
      { address: 'inbox', members: 1, waiting: 0, written: 3, state: 'Stable' },
      { address: { participant: 'stock' }, members: 1, waiting: 0, written: 0 },
    ]);
    // What was sent back, and could not be read once more, is a dead letter of its own.
    await bus.sendBack({ to: 'inbox' });
    await until(async () => (await inspect(prefix)).deadLetters[0]?.count === 1);
  });

  it('is told of what has waited for over a minute, by the brokers’ clock', async () => {
    const prefix = uniquePrefix('long');
    const bus = await connect(prefix);
    await withAdmin((admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: `${prefix}.sagas`, configEntries: [{ name: 'message.timestamp.type', value: 'CreateTime' }] }],
      }),
    );
    const producer = new Kafka({ brokers: brokers ?? [], logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    const partition = bus.partitioning.of('order-9');
    await producer.send({
      topic: `${prefix}.sagas`,
      messages: [{ partition, key: 'order-9', value: '{}', timestamp: String(Date.now() - 120_000) }],
    });
    await producer.disconnect();
    await bus.publish([numbered('order-9', 1)]);
    await until(async () => (await inspect(prefix)).consumers[0]?.waiting === 2);
    expect((await inspect(prefix)).consumers[0]?.waitingLong).toBe(1);
    const slow = await inspect(prefix, { now: () => Date.now() + 90_000 });
    // A clock of one's own that is wrong makes nothing older: only that it cannot be compared here is known.
    expect(slow.clockAhead).toBeGreaterThan(80_000);
    expect(slow.consumers[0]?.waitingLong).toBe(1);
  });

  it('A15: is told of settings that would lose messages, each with the command that mends it', async () => {
    const prefix = uniquePrefix('wrong');
    await connect(prefix);
    const entries = { 'cleanup.policy': 'compact', 'retention.ms': '3600000', 'max.message.bytes': '20000', 'retention.bytes': '1000' };
    const configEntries = Object.entries({ ...entries, 'message.timestamp.type': 'CreateTime' }).map(([name, value]) => ({ name, value }));
    await withAdmin(async (admin) => {
      await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: `${prefix}.sagas`, configEntries }] });
      await admin.deleteTopics({ topics: [`${prefix}.sagas.dlt`] });
    });
    await until(async () => (await inspect(prefix)).missing.length === 1);
    const { findings, missing } = await inspect(prefix, { topics: { inboxPartitions: 5 } });
    expect(findings.map(({ gravity, problem }) => `${gravity}: ${problem}`)).toEqual([
      'loses: it has 4 partitions, and topics.inboxPartitions says 5',
      'loses: it is compacted, and keeps one message for each saga',
      'risks: it keeps messages for 1 h and not 168 h',
      'risks: it drops messages beyond 1000 bytes, read or not (retention.bytes)',
      'risks: it refuses messages above 20000 bytes',
      "risks: messages have their sender's time, and clocks cannot be compared with the brokers'",
    ]);
    const alter = `kafka-configs.sh --bootstrap-server ${brokers?.join(',')} --alter --topic ${prefix}.sagas --add-config`;
    expect(findings[1]?.remedy).toBe(`${alter} cleanup.policy=delete`);
    expect(missing).toEqual([{ topic: `${prefix}.sagas.dlt`, command: expect.stringContaining(`--create --topic ${prefix}.sagas.dlt`) }]);
  });

  it('compares this clock with the brokers’, and says nothing where there is no broker’s time', async () => {
    const prefix = uniquePrefix('clock');
    await connect(prefix);
    const { clockAhead = 0 } = await inspect(prefix, { now: () => Date.now() + 20_000 });
    expect(clockAhead).toBeGreaterThan(15_000);
    expect(clockAhead).toBeLessThanOrEqual(20_000);
    const configEntries = [{ name: 'message.timestamp.type', value: 'CreateTime' }];
    await withAdmin((admin) =>
      admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: `${prefix}.clients`, configEntries }] }),
    );
    await until(async () => (await inspect(prefix)).clockAhead === undefined);
  });

  it('of a prefix that nobody has: nothing but which others there are; those that are longer are not taken for it', async () => {
    const prefix = uniquePrefix('eu');
    const longer = await connect(`${prefix}.west`);
    await longer.consume({ to: 'participant', participant: 'stock' }, silent);
    const { topics, consumers, otherPrefixes, missing, clockAhead } = await inspect(prefix);
    expect({ topics, consumers, clockAhead }).toEqual({ topics: [], consumers: [], clockAhead: undefined });
    expect(otherPrefixes).toContain(`${prefix}.west`);
    expect(missing.map(({ topic }) => topic)).toEqual([`${prefix}.sagas`, `${prefix}.sagas.dlt`, `${prefix}.clients`]);
  });

  it('rejects where there is no broker, or one that asks for no credentials', async () => {
    const retry = { retries: 1, initialRetryTime: 50 };
    await expect(inspect('any', { kafka: { brokers: ['127.0.0.1:1'], retry } })).rejects.toMatchObject({ code: 'bus-unavailable' });
    const sasl = { mechanism: 'plain', username: 'a', password: 'b' } as const;
    await expect(inspect('any', { kafka: { brokers: brokers ?? [], sasl, retry } })).rejects.toMatchObject({ code: 'bus-unauthorised' });
    await expect(inspect('no/prefix')).rejects.toMatchObject({ code: 'bus-misconfigured' });
  });
});
