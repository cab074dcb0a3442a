export { type EventStoreServer, type EventStoreServerOptions, startEventStore, startOwnEventStore } from './eventstoredb-server.js';
export { type KafkaBroker, type KafkaOptions, startKafka, whyNoKafka } from './kafka-broker.js';
