import kafkajs, { type Kafka, type KafkaMessage } from 'kafkajs';
import { mendTimers } from './mend-timers.js';

/** What was written to the topics for one saga. */
export interface Moved {
  readonly messages: number;
  /** Of keys, values and headers. */
  readonly bytes: number;
}

/** Messages that are looked at in each topic. */
const SAMPLE = 200;

/** The proof that both contestants move the same: all messages are counted, the size is that of a sample of each topic. */
export async function moved(brokers: readonly string[], prefix: string, sagas: number): Promise<Moved> {
  mendTimers();
  const kafka = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    let messages = 0;
    let bytes = 0;
    for (const topic of (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`))) {
      const offsets = await admin.fetchTopicOffsets(topic);
      const count = offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
      messages += count;
      if (count > 0) bytes += count * (await meanSize(kafka, topic, Math.min(count, SAMPLE)));
    }
    return { messages: messages / sagas, bytes: bytes / sagas };
  } finally {
    await admin.disconnect();
  }
}

async function meanSize(kafka: Kafka, topic: string, sample: number): Promise<number> {
  const consumer = kafka.consumer({ groupId: `${topic}.sizes`, readUncommitted: true });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const sizes: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { readonly message: KafkaMessage }): Promise<void> => {
      sizes.push(sizeOf(message));
      if (sizes.length === sample) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}

function sizeOf({ key, value, headers = {} }: KafkaMessage): number {
  const ofHeaders = Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + String(text).length, 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders;
}
