import { startKafka, whyNoKafka } from './integration-tests/src/kafka-broker.ts';

let broker;

/** One broker for all tests that only talk to it; those that kill theirs start their own. */
export default async function setup() {
  const reason = whyNoKafka();
  if (reason === undefined) {
    broker = await startKafka();
    process.env.KAFKA_BROKERS = broker.brokers.join(',');
    globalThis.stopKafka = () => broker.stop();
    return;
  }
  if (process.env.CI === 'true') throw new Error(`CI runs against a real broker, but there is ${reason}`);
  process.stderr.write(`tests with Kafka are left out: ${reason}\n`);
  process.env.SKALD_NO_KAFKA = reason;
}
