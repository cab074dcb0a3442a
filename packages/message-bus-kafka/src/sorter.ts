import { type Address, type Partitioning, SkaldError } from '@skald/kernel';
import type { KafkaMessage } from 'kafkajs';
import type { ConsumerPlan, Sorted } from './address-consumer.js';
import { type DeadLetter, deadLetter, type Place } from './dead-letters.js';
import type { Log } from './log.js';
import type { Names } from './names.js';
import type { ProduceRecord, Publisher } from './publisher.js';
import type { MalformedReason } from './shape.js';
import { type Decoded, decode } from './wire.js';

type Elsewhere = Extract<Sorted, { readonly elsewhere: unknown }>;

/** So often an input is sent on; more, and two owners disagree on where it belongs. */
const MOST_HOPS = 3;
/** Milliseconds between lines of one kind. */
const TELL_AGAIN_AFTER = 10_000;

/** Says what becomes of a message that was fetched: delivered, sent to its own partition, or laid with the dead letters. */
export class Sorter {
  #unreadable = 0;
  #unreadableTold = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly names: Names,
    private readonly partitioning: Partitioning,
    private readonly publisher: Pick<Publisher, 'publish'>,
    private readonly log: Log,
  ) {}

  of(address: Address): ConsumerPlan['sort'] {
    const topic = this.names.topic(address);
    return (message, partition) => {
      const decoded = decode(message, address);
      const place = { topic, partition };
      if (address.to === 'client') return this.#answer(address.client, message, place, decoded);
      if (!decoded.ok) return this.#dead(message, place, decoded.reason, decoded.problem);
      if (address.to === 'inbox') return this.#here(message, place, decoded);
      return decoded;
    };
  }

  /** Where a dead letter came from, as it was; an input to where its saga is now. */
  back({ topic, partition, key, value, headers }: DeadLetter): ProduceRecord {
    const sagaId = key?.toString('utf8') ?? '';
    const belongs = topic === this.names.inbox && sagaId !== '' ? this.partitioning.of(sagaId) : partition;
    return { topic, partition: belongs, key, value, headers, sagaId };
  }

  /**
   * Clients share partitions: what cannot be read may be for any of them, or for none. So nobody lays it aside; it is counted and logged, and
   * whoever waits for it asks again. A reply is for whoever runs its saga.
   */
  #answer(client: string, message: KafkaMessage, { partition }: Place, decoded: Decoded): Sorted {
    if (decoded.ok) return decoded.client === client || decoded.message.kind === 'input' ? decoded : 'skip';
    this.#unreadable += 1;
    const now = Date.now();
    if (now - this.#unreadableTold < TELL_AGAIN_AFTER) return 'skip';
    this.#unreadableTold = now;
    const { reason, problem } = decoded;
    const about = { topic: this.names.clients, partition, offset: message.offset, reason, problem, soFar: this.#unreadable };
    this.log({ level: 'warn', message: 'a message to the clients cannot be read; it is passed over', about });
    return 'skip';
  }

  /** A participant with a partitioner of its own may write to the wrong partition: its owner must not decide on another's saga. */
  #here(message: KafkaMessage, place: Place, decoded: Extract<Sorted, { ok: true }>): Sorted {
    const { sagaId } = decoded.message;
    const belongs = this.partitioning.of(sagaId);
    if (belongs === place.partition) return decoded;
    const hops = Number(message.headers?.['skald_hops']?.toString() ?? 0) + 1;
    if (!(hops <= MOST_HOPS)) {
      return this.#dead(message, place, 'astray', `it was sent on ${MOST_HOPS} times; the owners do not agree on the number of partitions`);
    }
    const dead = this.#dead(message, place, 'astray', 'it is too large to be sent on');
    const headers = { ...message.headers, skald_hops: String(hops) };
    const record: ProduceRecord = { topic: place.topic, partition: belongs, key: message.key, value: message.value, headers, sagaId };
    return { elsewhere: () => this.#publishOr(record, dead.elsewhere) };
  }

  #dead(message: KafkaMessage, place: Place, reason: MalformedReason | 'astray', problem: string): Elsewhere {
    const record = deadLetter(message, place, reason, problem, this.names.deadLetters(place.topic));
    // Too large with its reason beside it: that it was there is kept, and where.
    const mark: ProduceRecord = { ...record, value: null, headers: onlyOurs(record.headers) };
    return { elsewhere: () => this.#publishOr(record, () => this.publisher.publish([mark])) };
  }

  /** What is to be done instead where the brokers refuse it for good. */
  async #publishOr(record: ProduceRecord, instead: () => Promise<void>): Promise<void> {
    try {
      await this.publisher.publish([record]);
    } catch (error) {
      if (!(error instanceof SkaldError && error.code === 'message-refused')) throw error;
      await instead();
    }
  }
}

function onlyOurs(headers: ProduceRecord['headers'] = {}): NonNullable<ProduceRecord['headers']> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('skald_')));
}
