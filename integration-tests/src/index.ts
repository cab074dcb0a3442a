export { type EventStoreServer, type EventStoreServerOptions, startEventStore } from './eventstoredb-server.js';
export { type KafkaBroker, type KafkaOptions, startKafka, whyNoKafka } from './kafka-broker.js';
