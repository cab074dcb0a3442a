import { randomUUID } from 'node:crypto';
import type { Delivery, Outgoing } from '@skald/kernel';
import { KafkaBus } from './kafka-bus.js';
import type { KafkaBusOptions } from './options.js';

/** Of the broker for tests; absent where there is none. */
export const brokers: string[] | undefined = process.env['KAFKA_BROKERS']?.split(',');
export const whyNot: string = process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set';

export function uniquePrefix(what: string): string {
  return `${what}-${randomUUID()}`;
}

const open = new Set<KafkaBus>();

/** A bus that `closeAll` closes. */
export async function connect(prefix: string, { topics, ...options }: Partial<KafkaBusOptions> = {}): Promise<KafkaBus> {
  const bus = await KafkaBus.connect({
    kafka: { brokers: brokers ?? [], clientId: 'test' },
    prefix,
    topics: { inboxPartitions: 4, partitions: 2, ...topics },
    log: () => {},
    ...options,
  });
  open.add(bus);
  return bus;
}

export async function closeAll(): Promise<void> {
  await Promise.all([...open].map((bus) => bus.close()));
  open.clear();
}

/** A numbered input. */
export function numbered(sagaId: string, n: number, reason = ''): Outgoing {
  return {
    address: { to: 'inbox' },
    message: { kind: 'input', sagaId, input: { type: 'cancel', request: String(n), reason, by: 'test' } },
  };
}

export function numberOf({ message }: Delivery): number {
  return message.kind === 'input' && message.input.type === 'cancel' ? Number(message.input.request) : Number.NaN;
}

/** Looks again and again; how long is the test's time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
