import type { KafkaInspection } from '@skald/message-bus-kafka';
import type { Command } from 'commander';
import type { Cli, Place } from '../cli.js';
import { applicationChecks } from './application-checks.js';
import { type Check, failed } from './checks.js';
import { kafkaChecks } from './kafka-checks.js';

type Connected = Extract<Place, { readonly kind: 'connected' }>;

export interface BusFindings {
  readonly checks: readonly Check[];
  /** Sagas have asked participants for something. Undefined: not known. */
  readonly isUsed?: boolean;
  /** Milliseconds by which this machine's clock is ahead of the brokers'. Undefined: not known. */
  readonly clockAhead?: number | undefined;
}

/** What stands at the brokers, and whether a manager answers. */
export async function busChecks(cli: Cli, command: Command, place: Connected): Promise<BusFindings> {
  const { bus } = place;
  if (typeof bus === 'function') {
    const kafka: Check = { name: 'bus', level: 'note', what: 'is opened by the configuration, and not looked into' };
    return { checks: [kafka, ...(await applicationChecks(cli, command, place))] };
  }
  const { inspectKafka } = await import('@skald/message-bus-kafka');
  const { forLooking } = await import('../connecting/open-bus.js');
  let seen: KafkaInspection;
  try {
    seen = await inspectKafka({ ...forLooking(bus), now: () => cli.terminal.now() });
  } catch (error) {
    return { checks: [{ name: 'kafka', ...failed(error) }] };
  }
  const inbox = seen.consumers.find(({ address }) => address === 'inbox');
  // A question that nobody takes would only lie there.
  const isAnswered = seen.missing.length === 0 && (inbox?.members ?? 0) > 0;
  const checks = [...kafkaChecks(seen, bus), ...(isAnswered ? await applicationChecks(cli, command, place) : [])];
  // Not the inbox: a question is written there too, as the one above.
  const isUsed = seen.consumers.some(({ address, written }) => typeof address === 'object' && written > 0);
  return { checks, isUsed, clockAhead: seen.clockAhead };
}
