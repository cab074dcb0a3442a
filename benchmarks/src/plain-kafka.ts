import kafkajs, { type EachBatchPayload, type Kafka, type Message, type Producer } from 'kafkajs';
import { mendTimers } from './mend-timers.js';

const IN_THE_AIR = 3;

/** Values are JSON objects; the key and the headers are whatever they are. */
export type Take = (value: { readonly sagaId: string; readonly [member: string]: unknown }, type: string) => void;

/** kafkajs with all that is known to make it quick: one produce for each flush, some in the air; explicit partitions; commits off the path. */
export class PlainKafka {
  readonly #kafka: Kafka;
  readonly #producer: Producer;
  readonly #closing: (() => Promise<void>)[] = [];
  #waiting = new Map<string, Message[]>();
  #inTheAir = 0;
  #scheduled = false;

  constructor(brokers: readonly string[]) {
    mendTimers();
    this.#kafka = new kafkajs.Kafka({ brokers: [...brokers], clientId: 'bench', logLevel: kafkajs.logLevel.NOTHING });
    this.#producer = this.#kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  }

  async connect(topics: readonly string[], partitions: number): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: true, topics: topics.map((topic) => ({ topic, numPartitions: partitions })) });
    await admin.disconnect();
    await this.#producer.connect();
  }

  send(topic: string, message: Message): void {
    const messages = this.#waiting.get(topic);
    if (messages) messages.push(message);
    else this.#waiting.set(topic, [message]);
    this.#schedule();
  }

  /** Resolves when it has joined its group. */
  async consume(topic: string, take: Take): Promise<void> {
    const timing = { maxWaitTimeInMs: 200, sessionTimeout: 15_000, heartbeatInterval: 1_000 };
    const consumer = this.#kafka.consumer({ groupId: topic, readUncommitted: true, ...timing });
    const offsets = new Map<number, string>();
    const commit = setInterval(
      () => void consumer.commitOffsets([...offsets].map(([partition, offset]) => ({ topic, partition, offset }))),
      1_000,
    );
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 100,
      eachBatch: async ({ batch }: EachBatchPayload) => {
        for (const { value, headers } of batch.messages) take(JSON.parse(String(value)), String(headers?.['ce_type']));
        offsets.set(batch.partition, String(BigInt(batch.lastOffset()) + 1n));
      },
    });
    await joined;
    this.#closing.push(async () => {
      clearInterval(commit);
      await consumer.disconnect();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#closing.map((close) => close()));
    await this.#producer.disconnect();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0 || this.#inTheAir >= IN_THE_AIR) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const topicMessages = [...this.#waiting].map(([topic, messages]) => ({ topic, messages }));
      this.#waiting = new Map();
      this.#inTheAir++;
      void this.#producer.sendBatch({ topicMessages, acks: -1 }).then(() => {
        this.#inTheAir--;
        this.#schedule();
      });
    });
  }
}
