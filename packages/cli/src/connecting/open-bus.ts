import type { MessageBus } from '@skald/kernel';
import { KafkaBus, type KafkaBusOptions, type Log } from '@skald/message-bus-kafka';
import type { SkaldConfig } from './config.js';

/** What goes wrong ends in an error that says so; what comes right again is nobody's business here. */
const QUIET: Log = () => undefined;
/** Milliseconds: somebody sits there and waits. */
const PATIENCE = { connectionTimeout: 3_000, requestTimeout: 10_000 };

/** As configured; topics are looked at and never made: that is for those who run sagas. */
export function openBus(bus: NonNullable<SkaldConfig['bus']>): Promise<MessageBus> {
  return typeof bus === 'function' ? bus() : KafkaBus.connect(forLooking(bus));
}

export function forLooking(bus: KafkaBusOptions): KafkaBusOptions {
  return { log: QUIET, ...bus, kafka: { ...PATIENCE, ...bus.kafka }, topics: { ...bus.topics, missing: 'check' } };
}
