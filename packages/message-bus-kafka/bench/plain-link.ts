import { randomUUID } from 'node:crypto';
import kafkajs, { type Consumer, type EachBatchPayload, type Message } from 'kafkajs';
import { applyTimerRemedy } from '../dist/timer-remedy.js';
import { commandOf, type Link, replyTo } from './link.ts';

const PARTITIONS = 4;
const IN_THE_AIR = 3;

/** What one would write by hand after reading kafkajs' source. */
export async function plainLink(brokers: readonly string[], prefix: string): Promise<Link> {
  applyTimerRemedy();
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: kafkajs.logLevel.NOTHING });
  const topics = { commands: `${prefix}.commands`, replies: `${prefix}.replies` };
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: Object.values(topics).map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 })) });
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const consumers: Consumer[] = [];
  let ticks: NodeJS.Timeout[] = [];

  let waiting: Message[] = [];
  let inTheAir = 0;
  let scheduled = false;
  const schedule = (topic: string): void => {
    if (scheduled || waiting.length === 0 || inTheAir >= IN_THE_AIR) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const messages = waiting;
      waiting = [];
      inTheAir++;
      void producer.send({ topic, messages, acks: -1 }).then(() => {
        inTheAir--;
        schedule(topic);
      });
    });
  };
  const send = (topic: string, sagaId: string, type: string, body: object): void => {
    const partition = Number(sagaId.slice(sagaId.lastIndexOf('-') + 1)) % PARTITIONS;
    waiting.push({ key: sagaId, partition, value: JSON.stringify(body), headers: headersOf(sagaId, type, topics.replies, partition) });
    schedule(topic);
  };

  async function consume(topic: string, take: (body: ReturnType<typeof commandOf>) => void): Promise<void> {
    const consumer = kafka.consumer({
      groupId: topic,
      maxWaitTimeInMs: 200,
      readUncommitted: true,
      sessionTimeout: 15_000,
      heartbeatInterval: 1_000,
    });
    consumers.push(consumer);
    const offsets = new Map<number, string>();
    ticks.push(
      setInterval(() => void consumer.commitOffsets([...offsets].map(([partition, offset]) => ({ topic, partition, offset }))), 1_000),
    );
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: true,
      partitionsConsumedConcurrently: PARTITIONS,
      eachBatch: async ({ batch }: EachBatchPayload) => {
        for (const { value } of batch.messages) take(JSON.parse(String(value)));
        offsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
      },
    });
    await joined;
  }

  const link: Link = {
    onReply: () => {},
    command: (sagaId, step) => send(topics.commands, sagaId, 'skald.command.v1', commandOf(sagaId, step)),
    readReplies: () => consume(topics.replies, ({ sagaId }) => link.onReply(sagaId)),
    answerCommands: () => consume(topics.commands, (command) => send(topics.replies, command.sagaId, 'skald.reply.v1', replyTo(command))),
    async close() {
      for (const tick of ticks) clearInterval(tick);
      ticks = [];
      await Promise.all(consumers.map((consumer) => consumer.disconnect()));
      await producer.disconnect();
    },
  };
  return link;
}

function headersOf(sagaId: string, type: string, replyTopic: string, partition: number): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: randomUUID(),
    ce_type: type,
    ce_source: '/bench',
    ce_subject: sagaId,
    ce_time: new Date().toISOString(),
    'content-type': 'application/json',
    ...(type === 'skald.command.v1' && { ce_replytopic: replyTopic, ce_replypartition: String(partition) }),
  };
}
