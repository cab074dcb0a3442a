import { SkaldError } from '@skald/kernel';
import { type ConsumerConfig, type KafkaConfig, logLevel, type ProducerConfig } from 'kafkajs';
import { kafkajsLog, type Log, standardLog } from './log.js';
import { isTopicName } from './names.js';

/** How topics are made, or what they are checked against. Times in milliseconds. */
export interface TopicOptions {
  /** `create` what is missing, or only `check` and explain. Default `create`; where the cluster forbids it, it is explained as well. */
  readonly missing?: 'create' | 'check';
  /** Of the inbox; fixed once it is created, a different number is refused. 1 to 1,000. Default 12, or what is there. */
  readonly inboxPartitions?: number;
  /** Of each participant's commands and of the clients, at creation. 1 to 1,000. Default 12. */
  readonly partitions?: number;
  /** Default 3, or the number of brokers where there are fewer. */
  readonly replicationFactor?: number;
  /** How long inputs and commands are kept: longer than any consumer is down. Default 7 days. */
  readonly retention?: number;
  /** How long dead letters are kept. Default 30 days. */
  readonly deadLetterRetention?: number;
  /** Largest record, in bytes. 10,000 to 8 MiB. Default 1 MiB. */
  readonly maxMessageBytes?: number;
}

export interface PublishOptions {
  /** Produce requests in the air. 1 to 20. Default 3. */
  readonly inFlight?: number;
  /** Until `publish` gives up with `bus-unavailable`, in milliseconds. Default 120,000. */
  readonly giveUpAfter?: number;
  /** Messages waiting for the broker; more are refused with `bus-overloaded`. Default 200,000. */
  readonly maxWaiting?: number;
}

export interface ConsumeOptions {
  /** Deliveries of one partition that are not done; beyond it the partition is paused. Default 5,000. */
  readonly maxOpen?: number;
  /** The same in bytes. Default 16 MiB. */
  readonly maxOpenBytes?: number;
  /** Milliseconds between commits. Default 1,000. */
  readonly commitInterval?: number;
  /** A consumer that is silent for so long is replaced, in milliseconds. Default 60,000. */
  readonly silence?: number;
  /** Until `consume` gives up with `bus-unavailable`, in milliseconds. Default 60,000. */
  readonly joinWithin?: number;
}

type OwnConsumerConfig = Omit<ConsumerConfig, 'groupId' | 'partitionAssigners' | 'allowAutoTopicCreation'>;
type OwnProducerConfig = Pick<ProducerConfig, 'metadataMaxAge' | 'maxInFlightRequests' | 'retry'>;

export interface KafkaBusOptions {
  /** Passed to kafkajs as it is: brokers, clientId, ssl, sasl, timeouts, retry … `logLevel` and `logCreator` are replaced by `log`. */
  readonly kafka: KafkaConfig;
  /** Begins the name of every topic and group. Default `skald`. */
  readonly prefix?: string;
  /** How topics are made, or checked. Default: as below. */
  readonly topics?: TopicOptions;
  /** How messages are sent. Default: as below. */
  readonly publish?: PublishOptions;
  /** How messages are taken. Default: as below. */
  readonly consume?: ConsumeOptions;
  /** Of kafkajs' consumers, over Skald's own settings. Default: Skald’s own. */
  readonly consumer?: OwnConsumerConfig;
  /** Of kafkajs' producer, over Skald's own settings. Default: Skald’s own. */
  readonly producer?: OwnProducerConfig;
  /** Default: warnings and errors as JSON lines on standard error. */
  readonly log?: Log;
  /** The clock that managers of sagas go by, in epoch milliseconds: compared with the brokers'. Default: the system's. */
  readonly now?: () => number;
  /** Milliseconds between two comparisons. Default 60,000. */
  readonly clockCheckInterval?: number;
}

export interface Settings {
  readonly kafka: KafkaConfig;
  readonly prefix: string;
  readonly topics: Required<Omit<TopicOptions, 'inboxPartitions' | 'replicationFactor'>> &
    Pick<TopicOptions, 'inboxPartitions' | 'replicationFactor'>;
  readonly publish: Required<PublishOptions>;
  readonly consume: Required<ConsumeOptions>;
  readonly consumer: OwnConsumerConfig;
  readonly producer: OwnProducerConfig;
  readonly log: Log;
  readonly now: () => number;
  readonly clockCheckInterval: number;
}

const DAY = 24 * 60 * 60 * 1_000;
const MIB = 1024 * 1024;

/** Throws `bus-misconfigured`. */
export function settingsOf(options: KafkaBusOptions): Settings {
  const { prefix = 'skald', topics = {}, publish = {}, consume = {}, log = standardLog } = options;
  if (!isTopicName(prefix) || prefix.length > 100) throw misconfigured(`prefix "${prefix}" cannot begin the name of a topic`);
  const { replicationFactor, inboxPartitions, missing = 'create' } = topics;
  if (inboxPartitions !== undefined) bounded('topics.inboxPartitions', inboxPartitions, 1, 1_000);
  if (replicationFactor !== undefined) bounded('topics.replicationFactor', replicationFactor, 1, 100);
  const settings: Settings = {
    kafka: {
      clientId: prefix,
      ...options.kafka,
      retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5, ...options.kafka.retry },
      logLevel: logLevel.INFO,
      logCreator: kafkajsLog(log),
    },
    prefix,
    topics: {
      ...(inboxPartitions !== undefined && { inboxPartitions }),
      ...(replicationFactor !== undefined && { replicationFactor }),
      missing,
      partitions: bounded('topics.partitions', topics.partitions ?? 12, 1, 1_000),
      retention: bounded('topics.retention', topics.retention ?? 7 * DAY, 60_000, 10_000 * DAY),
      deadLetterRetention: bounded('topics.deadLetterRetention', topics.deadLetterRetention ?? 30 * DAY, 60_000, 10_000 * DAY),
      maxMessageBytes: bounded('topics.maxMessageBytes', topics.maxMessageBytes ?? MIB, 10_000, 8 * MIB),
    },
    publish: {
      inFlight: bounded('publish.inFlight', publish.inFlight ?? 3, 1, 20),
      giveUpAfter: bounded('publish.giveUpAfter', publish.giveUpAfter ?? 120_000, 100, DAY),
      maxWaiting: bounded('publish.maxWaiting', publish.maxWaiting ?? 200_000, 1, 10_000_000),
    },
    consume: {
      maxOpen: bounded('consume.maxOpen', consume.maxOpen ?? 5_000, 1, 1_000_000),
      maxOpenBytes: bounded('consume.maxOpenBytes', consume.maxOpenBytes ?? 16 * MIB, 1, 1024 * MIB),
      commitInterval: bounded('consume.commitInterval', consume.commitInterval ?? 1_000, 10, 60_000),
      silence: bounded('consume.silence', consume.silence ?? 60_000, 1_000, DAY),
      joinWithin: bounded('consume.joinWithin', consume.joinWithin ?? 60_000, 100, DAY),
    },
    consumer: {
      sessionTimeout: 15_000,
      heartbeatInterval: 1_000,
      rebalanceTimeout: 30_000,
      // An answer comes at once when there is something; this is how long an idle broker holds a fetch, and a resumed partition waits.
      maxWaitTimeInMs: 200,
      // Nobody writes transactions here, and the last stable offset would only cost time.
      readUncommitted: true,
      maxBytesPerPartition: Math.max(MIB, topics.maxMessageBytes ?? 0),
      ...options.consumer,
    },
    producer: options.producer ?? {},
    log,
    now: options.now ?? Date.now,
    clockCheckInterval: bounded('clockCheckInterval', options.clockCheckInterval ?? 60_000, 100, DAY),
  };
  const { heartbeatInterval = 0, sessionTimeout = 0 } = settings.consumer;
  if (heartbeatInterval >= sessionTimeout)
    throw misconfigured('consumer.heartbeatInterval must be below consumer.sessionTimeout, a third of it at most');
  return settings;
}

function bounded(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw misconfigured(`${name} is ${value}, but goes from ${least} to ${most}`);
}

export function misconfigured(problem: string): SkaldError {
  return new SkaldError('bus-misconfigured', { problem });
}
