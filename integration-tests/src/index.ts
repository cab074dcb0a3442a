export { type KafkaBroker, type KafkaOptions, startKafka, whyNoKafka } from './kafka-broker.js';
