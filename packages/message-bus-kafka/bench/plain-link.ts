import { randomUUID } from 'node:crypto';
import kafkajs, { type EachBatchPayload, type Kafka, type Message, type Producer } from 'kafkajs';
import { mendTimers } from '../dist/timer-remedy.js';
import { commandOf, type Link, replyTo } from './link.ts';

const PARTITIONS = 4;
const IN_THE_AIR = 3;

type Command = ReturnType<typeof commandOf>;

/** What one would write by hand after reading kafkajs' source. */
export async function plainLink(brokers: readonly string[], prefix: string): Promise<Link> {
  mendTimers();
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: kafkajs.logLevel.NOTHING });
  const topics = { commands: `${prefix}.commands`, replies: `${prefix}.replies` };
  const admin = kafka.admin();
  await admin.connect();
  const wanted = Object.values(topics).map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }));
  await admin.createTopics({ waitForLeaders: false, topics: wanted });
  const isThere = () =>
    admin.fetchTopicMetadata({ topics: Object.values(topics) }).then(
      () => true,
      () => false,
    );
  while (!(await isThere()));
  await admin.disconnect();
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  const consumers: (() => Promise<void>)[] = [];
  const outbox = new Outbox(producer);
  const send = (topic: string, sagaId: string, type: string, body: object): void => {
    const partition = Number(sagaId.slice(sagaId.lastIndexOf('-') + 1)) % PARTITIONS;
    const headers = headersOf(sagaId, type, topics.replies, partition);
    outbox.add(topic, { key: sagaId, partition, value: JSON.stringify(body), headers });
  };
  const read = async (topic: string, take: (body: Command) => void): Promise<void> =>
    void consumers.push(await consume(kafka, topic, take));
  const link: Link = {
    onReply: () => {},
    command: (sagaId, step) => send(topics.commands, sagaId, 'skald.command.v1', commandOf(sagaId, step)),
    readReplies: () => read(topics.replies, ({ sagaId }) => link.onReply(sagaId)),
    answerCommands: () => read(topics.commands, (command) => send(topics.replies, command.sagaId, 'skald.reply.v1', replyTo(command))),
    async close() {
      await Promise.all(consumers.map((stop) => stop()));
      await producer.disconnect();
    },
  };
  return link;
}

/** One produce for each flush, some in the air. */
class Outbox {
  private waiting: Message[] = [];
  private inTheAir = 0;
  private scheduled = false;
  private readonly producer: Producer;

  constructor(producer: Producer) {
    this.producer = producer;
  }

  add(topic: string, message: Message): void {
    this.waiting.push(message);
    this.schedule(topic);
  }

  private schedule(topic: string): void {
    if (this.scheduled || this.waiting.length === 0 || this.inTheAir >= IN_THE_AIR) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const messages = this.waiting;
      this.waiting = [];
      this.inTheAir++;
      void this.producer.send({ topic, messages, acks: -1 }).then(() => {
        this.inTheAir--;
        this.schedule(topic);
      });
    });
  }
}

/** Commits off the path. Answers what stops it. */
async function consume(kafka: Kafka, topic: string, take: (body: Command) => void): Promise<() => Promise<void>> {
  const timing = { maxWaitTimeInMs: 200, sessionTimeout: 15_000, heartbeatInterval: 1_000 };
  const consumer = kafka.consumer({ groupId: topic, readUncommitted: true, ...timing });
  const offsets = new Map<number, string>();
  const commit = (): void => void consumer.commitOffsets([...offsets].map(([partition, offset]) => ({ topic, partition, offset })));
  const tick = setInterval(commit, 1_000);
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatch: async ({ batch }: EachBatchPayload) => {
      for (const { value } of batch.messages) take(JSON.parse(String(value)));
      offsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
    },
  });
  await joined;
  return async () => {
    clearInterval(tick);
    await consumer.disconnect();
  };
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
