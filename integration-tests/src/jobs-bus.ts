import { KafkaBus } from '@skald/message-bus-kafka';

/** Milliseconds after which a consumer that is silent is taken for dead. */
export const SESSION = 6_000;

export function connectShortLived(broker: string, prefix: string, clientId: string): Promise<KafkaBus> {
  return KafkaBus.connect({
    kafka: { brokers: [broker], clientId },
    prefix,
    topics: { inboxPartitions: 6, partitions: 2 },
    consumer: { sessionTimeout: SESSION, rebalanceTimeout: SESSION, heartbeatInterval: 500 },
  });
}
