import type { Address } from '@skald/kernel';
import type { Names } from './names.js';
import type { Settings } from './options.js';

/** A topic as Skald makes it. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  /** Any other number is refused. */
  readonly fixed?: number | undefined;
  readonly config: Readonly<Record<string, string>>;
}

const HOUR = 60 * 60 * 1_000;
/** A dead letter is a message with more headers. */
const DEAD_LETTER_EXTRA = 64 * 1024;

export function plansOf(settings: Settings, names: Names, to: Address['to']): TopicPlan[] {
  const { inboxPartitions, partitions } = settings.topics;
  if (to === 'inbox') return withDeadLetters(settings, names, names.inbox, inboxPartitions ?? 12, inboxPartitions);
  if (to === 'express') return withDeadLetters(settings, names, names.express, partitions);
  if (to === 'client') return [{ topic: names.clients, partitions, config: configOf(settings, HOUR) }];
  return [];
}

export function participantPlans(settings: Settings, names: Names, participant: string): TopicPlan[] {
  return withDeadLetters(settings, names, names.topic({ to: 'participant', participant }), settings.topics.partitions);
}

function withDeadLetters(settings: Settings, names: Names, topic: string, partitions: number, fixed?: number): TopicPlan[] {
  const { retention, deadLetterRetention } = settings.topics;
  return [
    { topic, partitions, fixed, config: configOf(settings, retention) },
    { topic: names.deadLetters(topic), partitions: 1, config: configOf(settings, deadLetterRetention, DEAD_LETTER_EXTRA) },
  ];
}

function configOf({ topics }: Settings, retention: number, extra = 0): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'delete',
    'retention.ms': String(retention),
    'max.message.bytes': String(topics.maxMessageBytes + extra),
    // The broker's clock, so that nobody's wrong clock shortens the retention.
    'message.timestamp.type': 'LogAppendTime',
  };
}

/** Brokers for a command line of Kafka's own tools. */
export function bootstrapOf({ kafka }: Settings): string {
  return Array.isArray(kafka.brokers) && kafka.brokers.length > 0 ? kafka.brokers.join(',') : '<host:port>';
}

/** A command line that makes it. */
export function createCommand(settings: Settings, { topic, partitions, config }: TopicPlan, replicas: number): string {
  const options = Object.entries(config).map(([name, value]) => ` --config ${name}=${value}`);
  const made = `--create --topic ${topic} --partitions ${partitions} --replication-factor ${replicas}${options.join('')}`;
  return `kafka-topics.sh --bootstrap-server ${bootstrapOf(settings)} ${made}`;
}

/** A command line that sets it right. */
export function alterCommand(settings: Settings, topic: string, name: string, value: string): string {
  return `kafka-configs.sh --bootstrap-server ${bootstrapOf(settings)} --alter --topic ${topic} --add-config ${name}=${value}`;
}
