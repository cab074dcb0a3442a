import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Address,
  type BusConsumer,
  type Delivery,
  type MessageBus,
  type Outgoing,
  type OwnershipListener,
  type Partitioning,
  SkaldError,
} from '@skald/kernel';
import { AddressConsumer, type ConsumerPlan } from './address-consumer.js';
import { withAdmin } from './admin.js';
import { ClockCheck, clockProbe } from './clock-check.js';
import { type DeadLetter, readDeadLetters } from './dead-letters.js';
import { applyRemedies } from './kafkajs-remedies.js';
import { partitionOf } from './murmur2.js';
import { describe, isTopicName, Names } from './names.js';
import { type KafkaBusOptions, misconfigured, type Settings, settingsOf } from './options.js';
import { ProducerConnection } from './producer-connection.js';
import { failuresIn, type ProduceRecord, Publisher, refusal, together } from './publisher.js';
import { applyRecordRemedy } from './record-remedy.js';
import { Sorter } from './sorter.js';
import { Topics } from './topics.js';
import { encode, type WireContext } from './wire.js';

const CLOSE_WITHIN = 10_000;
/** Milliseconds before a topic that could not be had is asked for again. */
const ASK_AGAIN_AFTER = 5_000;
const LOOK_AGAIN_AFTER = 250;

/**
 * A message bus on Apache Kafka.
 *
 * B1. A published message is written to all replicas in sync before `publish` resolves; one that cannot be written hinders no other.
 * B2. Messages of one saga to one address keep their order: they are in one partition, which is told explicitly, never by a partitioner.
 * B3. An address has one consumer in a process; the partitions of the inbox and of a participant's commands are shared among processes.
 * B4. A client reads what is written for it from the moment at which `consume` is called, and nothing of others.
 */
export class KafkaBus implements MessageBus {
  readonly partitioning: Partitioning;
  readonly #publisher: Publisher;
  readonly #context: WireContext;
  readonly #sorter: Sorter;
  readonly #clock: ClockCheck;
  #looking: NodeJS.Timeout | undefined;
  readonly #consumers = new Map<string, Promise<AddressConsumer>>();
  readonly #unavailable = new Map<string, { readonly error: unknown; readonly until: number }>();
  /** Publishes that wait for a topic, and all that come after them. */
  #gate: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly settings: Settings,
    private readonly names: Names,
    private readonly topics: Topics,
  ) {
    const count = this.#partitions(names.inbox);
    const inboxPartition = (key: Uint8Array): number => partitionOf(key, count);
    this.partitioning = { count, of: (sagaId) => inboxPartition(Buffer.from(sagaId)) };
    this.#context = {
      source: `/${settings.kafka.clientId}`,
      inboxTopic: names.inbox,
      inboxPartition,
      clientsTopic: names.clients,
      clientPartition: (client) => partitionOf(Buffer.from(client), this.#partitions(names.clients)),
    };
    const limits = { ...settings.publish, maxMessageBytes: settings.topics.maxMessageBytes };
    const producer = new ProducerConnection(settings);
    this.#publisher = new Publisher(producer, limits, settings.log);
    this.#clock = new ClockCheck({
      now: settings.now,
      log: settings.log,
      stamp: () => producer.stamp(names.clients, clockProbe(this.#context)),
    });
    this.#sorter = new Sorter(names, this.partitioning, this.#publisher, settings.log);
  }

  /**
   * Resolves when the topics of the inbox and of the clients are there and fit. Throws `bus-misconfigured`, `bus-unavailable`,
   * `bus-unauthorised`, `topics-missing`, `topic-unsuitable`, `inbox-partitions-differ`.
   */
  static async connect(options: KafkaBusOptions): Promise<KafkaBus> {
    const settings = settingsOf(options);
    if (!applyRemedies()) settings.log({ level: 'info', message: 'this version of kafkajs is not known; it is left as it is', about: {} });
    if (!applyRecordRemedy())
      settings.log({ level: 'debug', message: 'kafkajs encodes records in its own way, which takes more CPU', about: {} });
    const names = new Names(settings.prefix);
    const topics = new Topics(settings, names);
    await topics.ensure(['inbox', 'client']);
    return new KafkaBus(settings, names, topics);
  }

  /** B1. Rejects with `message-refused`, `bus-unavailable`, `bus-overloaded`, `bus-unauthorised`, `topics-missing`, `bus-closed`. */
  async publish(messages: readonly Outgoing[]): Promise<void> {
    this.#checkOpen();
    const unknown = this.#unknownTopics(messages);
    if (unknown.length > 0 || this.#gate !== undefined) {
      const gate = (this.#gate ?? Promise.resolve()).then(() => this.#ask(unknown));
      this.#gate = gate;
      await gate;
      if (this.#gate === gate) this.#gate = undefined;
    }
    const failures: unknown[] = [];
    const records: ProduceRecord[] = [];
    for (const message of messages) {
      try {
        records.push(this.#record(message));
      } catch (error) {
        failures.push(this.#refusalOf(message, error));
      }
    }
    const sent = await Promise.allSettled([this.#publisher.publish(records)]);
    for (const one of sent) if (one.status === 'rejected') failures.push(...failuresIn(one.reason));
    if (failures.length > 0) throw together(failures);
  }

  /** Rejects with `address-taken`, for an owner of sagas `clock-differs`, and as `connect` does. */
  async consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener): Promise<BusConsumer> {
    this.#checkOpen();
    const name = describe(address);
    if (this.#consumers.has(name)) throw new SkaldError('address-taken', { address: name });
    const starting = this.#start(address, deliver, ownership);
    this.#consumers.set(name, starting);
    try {
      return await starting;
    } catch (error) {
      this.#consumers.delete(name);
      throw error;
    }
  }

  async #start(address: Address, deliver: ConsumerPlan['deliver'], ownership: OwnershipListener | undefined): Promise<AddressConsumer> {
    const decides = address.to === 'inbox' || address.to === 'express';
    if (decides) await this.#clock.admit();
    const consumer = await new AddressConsumer(this.settings, await this.#plan(address, deliver, ownership)).start();
    if (decides) this.#lookAtClock();
    return consumer;
  }

  #lookAtClock(): void {
    this.#looking ??= setInterval(() => void this.#look(), this.settings.clockCheckInterval);
    this.#looking.unref();
  }

  /** Who could not begin has nothing to lose. */
  async #look(): Promise<void> {
    const begun = await Promise.allSettled((['inbox', 'express'] as const).map((to) => this.#consumers.get(to)));
    await this.#clock.look(begun.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : [])));
  }

  /** Dead letters of an address that were not sent back, oldest first. */
  async deadLetters(address: Address, limit = 1_000): Promise<readonly DeadLetter[]> {
    const found: DeadLetter[] = [];
    await readDeadLetters(
      this.settings,
      await this.#deadLetterTopic(address),
      limit,
      false,
      async (letters) => void found.push(...letters),
    );
    return found;
  }

  /** Sends them where they stood before: when what could not read them is mended. Resolves with their number. */
  async sendBack(address: Address, limit = Number.MAX_SAFE_INTEGER): Promise<number> {
    const topic = await this.#deadLetterTopic(address);
    return readDeadLetters(this.settings, topic, limit, true, async (letters) =>
      this.#publisher.publish(letters.map((one) => this.#sorter.back(one))),
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#looking);
    const consumers = await Promise.allSettled(this.#consumers.values());
    await Promise.all(consumers.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
    await this.#publisher.close(CLOSE_WITHIN);
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new SkaldError('bus-closed');
  }

  #partitions(topic: string): number {
    const count = this.topics.partitions(topic);
    if (count === undefined) throw new SkaldError('bus-unavailable', { what: `topic ${topic}`, problem: 'it is not known yet' });
    return count;
  }

  #record({ address, message }: Outgoing): ProduceRecord {
    const topic = this.names.topic(address);
    const refused = this.#unavailable.get(topic);
    if (refused) throw refused.error;
    const wire = encode(message, address, this.#context);
    const owner = address.to === 'client' ? Buffer.from(address.client) : wire.key;
    const isForParticipant = address.to === 'participant';
    return { ...wire, topic, partition: partitionOf(owner, this.#partitions(topic)), sagaId: message.sagaId, isForParticipant };
  }

  /** A participant whose topic is not there, and may not be made, stops the sagas that ask it, and no others. */
  #refusalOf({ address, message }: Outgoing, error: unknown): unknown {
    const passes = error instanceof SkaldError && (error.retryable || error.code === 'message-refused');
    if (address.to !== 'participant' || passes) return error;
    return refusal({ sagaId: message.sagaId, topic: this.names.topic(address) }, error);
  }

  #unknownTopics(messages: readonly Outgoing[]): Address[] {
    const unknown = new Map<string, Address>();
    for (const { address } of messages) {
      const topic = this.names.topic(address);
      if (this.topics.partitions(topic) === undefined) unknown.set(topic, address);
    }
    return [...unknown.values()];
  }

  /** Never rejects: a topic that cannot be had fails its own messages only. */
  async #ask(addresses: readonly Address[]): Promise<void> {
    for (const address of addresses) {
      const topic = this.names.topic(address);
      if (this.topics.partitions(topic) !== undefined || (this.#unavailable.get(topic)?.until ?? 0) > Date.now()) continue;
      this.#unavailable.delete(topic);
      await this.#persistently(address).catch((error: unknown) =>
        this.#unavailable.set(topic, { error, until: Date.now() + ASK_AGAIN_AFTER }),
      );
    }
  }

  /** As long as a publish waits for the brokers. */
  async #persistently(address: Address): Promise<void> {
    for (const deadline = Date.now() + this.settings.publish.giveUpAfter; ; ) {
      try {
        return await this.#ensure(address);
      } catch (error) {
        const passes = error instanceof SkaldError && error.code === 'bus-unavailable';
        if (!passes || this.#closing !== undefined || Date.now() > deadline) throw error;
        await sleep(LOOK_AGAIN_AFTER);
      }
    }
  }

  /** Topics of the inbox and of the clients are there already. */
  async #ensure(address: Address): Promise<void> {
    if (address.to === 'express') return this.topics.ensure(['express']);
    if (address.to !== 'participant') return;
    if (!isTopicName(this.names.topic(address)))
      throw misconfigured(`participant "${address.participant}" cannot be part of a topic's name`);
    await this.topics.ensure({ participant: address.participant });
  }

  async #plan(address: Address, deliver: ConsumerPlan['deliver'], ownership: OwnershipListener | undefined): Promise<ConsumerPlan> {
    await this.#ensure(address);
    const [topic, group] = [this.names.topic(address), this.names.group(address)];
    const stopped = async (): Promise<void> => void this.#consumers.delete(describe(address));
    const common = { deliver, ownership, sort: this.#sorter.of(address) };
    if (address.to !== 'client') return { ...common, subscription: { topic, group }, stopped };
    const partition = partitionOf(Buffer.from(address.client), this.#partitions(topic));
    let next = await this.#endOf(topic, partition);
    const subscription = { topic, group, only: { partition, from: () => next } };
    const seen = (offset: number): void => {
      next = offset;
    };
    return { ...common, subscription, seen, stopped: async () => stopped().then(() => this.#forget(group)) };
  }

  /** B4. */
  async #endOf(topic: string, partition: number): Promise<number> {
    const offsets = await withAdmin(this.settings, 'to find the end of a topic', (admin) => admin.fetchTopicOffsets(topic));
    return Number(offsets.find((one) => one.partition === partition)?.high ?? 0);
  }

  /** Nobody comes back to a client's group. The broker drops empty ones without offsets, in its own time. */
  async #forget(group: string): Promise<void> {
    await withAdmin(this.settings, 'to delete a group', (admin) => admin.deleteGroups([group])).catch(() => {});
  }

  async #deadLetterTopic(address: Address): Promise<string> {
    this.#checkOpen();
    if (address.to === 'client') throw misconfigured('answers have no dead letters');
    await this.#ensure(address);
    return this.names.deadLetters(this.names.topic(address));
  }
}
