import kafkajs, { type KafkaConfig, type Message, type Producer, type TopicMessages } from 'kafkajs';
import type { Settings } from './options.js';
import { SocketLeash } from './socket-leash.js';

/** Sends what it is given in one request to each broker. */
export interface Sender {
  send(topicMessages: TopicMessages[]): Promise<void>;
  /** Something is wrong with the connection: the next send has a new one. */
  renew(): void;
  close(): Promise<void>;
}

/** Milliseconds that an orderly farewell may take. */
const FAREWELL = 2_000;

/**
 * A plain producer that waits for all replicas in sync. kafkajs' idempotent one is not used: it sends one request at a time to each broker,
 * and on a retry it may give its sequence numbers to another batch, which the broker then drops as a repeat. Receivers drop repeats here.
 */
export class ProducerConnection implements Sender {
  #current: Promise<Connected> | undefined;

  constructor(private readonly settings: Settings) {}

  async send(topicMessages: TopicMessages[]): Promise<void> {
    const { producer } = await this.#connected();
    const written = await producer.sendBatch({ acks: -1, topicMessages });
    checkComplete(topicMessages, written);
  }

  /** The broker's time of what was written, in epoch milliseconds, where the topic has it. */
  async stamp(topic: string, message: Message): Promise<number | undefined> {
    const { producer } = await this.#connected();
    const [written] = await producer.send({ acks: -1, topic, messages: [message] });
    const time = Number(written?.logAppendTime ?? -1);
    return time > 0 ? time : undefined;
  }

  renew(): void {
    const old = this.#current;
    this.#current = undefined;
    void old?.then(({ end }) => end()).catch(() => {});
  }

  async close(): Promise<void> {
    const old = this.#current;
    this.#current = undefined;
    await old?.then(({ end }) => end()).catch(() => {});
  }

  #connected(): Promise<Connected> {
    this.#current ??= connect(this.settings).catch((error: unknown) => {
      this.#current = undefined;
      throw error;
    });
    return this.#current;
  }
}

interface Connected {
  readonly producer: Producer;
  end(): Promise<void>;
}

async function connect({ kafka, producer: own }: Settings): Promise<Connected> {
  const leash = new SocketLeash(kafka.socketFactory);
  const producer = new kafkajs.Kafka(leashed(kafka, leash)).producer({
    // Every message says its partition; naming a partitioner only silences a warning.
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    ...own,
    // Repeated here, with new metadata and a new connection where needed, and given up when the caller's time is over.
    retry: { ...kafka.retry, ...own.retry, retries: 0 },
  });
  const end = async (): Promise<void> => {
    await within(FAREWELL, producer.disconnect());
    leash.cut();
  };
  try {
    await producer.connect();
  } catch (error) {
    void end().catch(() => {});
    throw error;
  }
  return { producer, end };
}

export function leashed(kafka: KafkaConfig, leash: SocketLeash): KafkaConfig {
  return { ...kafka, socketFactory: leash.socketFactory };
}

/** Resolves when it is done, has failed, or has taken too long. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}

/** kafkajs drops, and says nothing, what goes to a partition that its metadata does not know yet. */
function checkComplete(
  sent: readonly TopicMessages[],
  written: readonly { readonly topicName: string; readonly partition: number }[],
): void {
  const known = new Set(written.map(({ topicName, partition }) => `${topicName} ${partition}`));
  for (const { topic, messages } of sent) {
    for (const { partition } of messages) {
      if (!known.has(`${topic} ${partition}`)) throw new StaleMetadata(`partition ${partition} of ${topic} was not known`);
    }
  }
}

export class StaleMetadata extends Error {}
