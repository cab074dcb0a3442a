import type { Address } from '@skald/kernel';
import { inspectKafka, KafkaBus } from '@skald/message-bus-kafka';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { UsageError } from '../usage.js';
import { forLooking } from './open-bus.js';

/** Messages to somebody that could not be read. */
export interface Unread {
  /** As it is named on the command line: `inbox`, `express`, or a participant. */
  readonly of: string;
  readonly address: Address;
  readonly count: number;
}

/** Calls `work` with the bus and with all whose messages could not be read, or with the one that is named. */
export async function withDeadLetters<T>(
  cli: Cli,
  command: Command,
  named: string | undefined,
  work: (bus: KafkaBus, unread: readonly Unread[]) => Promise<T>,
): Promise<T> {
  const place = await cli.placeOf(command);
  if (place.kind !== 'connected' || typeof place.bus === 'function') {
    throw new UsageError('dead letters are on Kafka: name it with "bus" in the configuration, or with SKALD_KAFKA_BROKERS');
  }
  const options = forLooking(place.bus);
  const { consumers, deadLetters } = await inspectKafka(options);
  const counts = new Map(deadLetters.map(({ topic, count }) => [topic, count]));
  const all = consumers.map(({ address, topic }): Unread => {
    const count = counts.get(`${topic}.dlt`) ?? 0;
    if (typeof address === 'string') return { of: address, address: { to: address }, count };
    return { of: address.participant, address: { to: 'participant', participant: address.participant }, count };
  });
  if (named !== undefined && !all.some(({ of }) => of === named)) {
    throw new UsageError(`--of ${named}: there is ${all.map(({ of }) => of).join(', ') || 'nobody under this prefix'}`);
  }
  const unread = all.filter(({ of, count }) => count > 0 && (named === undefined || of === named));
  const bus = await KafkaBus.connect(options);
  try {
    return await work(bus, unread);
  } finally {
    await bus.close();
  }
}
