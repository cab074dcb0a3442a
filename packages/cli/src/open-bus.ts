import type { MessageBus } from '@skald/kernel';
import { KafkaBus, type Log } from '@skald/message-bus-kafka';
import type { SkaldConfig } from './config.js';

/** What goes wrong ends in an error that says so; what comes right again is nobody's business here. */
const QUIET: Log = () => undefined;

/** As configured; topics are looked at and never made: that is for those who run sagas. */
export function openBus(bus: NonNullable<SkaldConfig['bus']>): Promise<MessageBus> {
  if (typeof bus === 'function') return bus();
  return KafkaBus.connect({ log: QUIET, ...bus, topics: { ...bus.topics, missing: 'check' } });
}
