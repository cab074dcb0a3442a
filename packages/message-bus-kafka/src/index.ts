export type { KafkaOwnershipListener } from './address-consumer.js';
export type { DeadLetter } from './dead-letters.js';
export { KafkaBus, type TracedOutgoing } from './kafka-bus.js';
export type { Log, LogLevel, LogLine } from './log.js';
export { partitionOf } from './murmur2.js';
export type { ConsumeOptions, KafkaBusOptions, PublishOptions, TopicOptions } from './options.js';
export { KafkaDelivery } from './owned-partition.js';
export type { MalformedReason } from './shape.js';
export { type Decoded, decode, encode, type RawRecord, type TraceContext, type WireContext, type WireRecord } from './wire.js';
