import { expect, it } from '@jest/globals';
import { KafkaBus } from './kafka-bus.js';
import { brokers, uniquePrefix, whyNot } from './kafka-subject.contract.js';

(brokers ? it : (title: string) => it.todo(`${title} (${whyNot})`))('the README connects', async () => {
  const addresses = brokers ?? [];
  const prefix = uniquePrefix('readme');
  // #region connect
  const bus = await KafkaBus.connect({ kafka: { brokers: addresses, clientId: 'orders' }, prefix, topics: { inboxPartitions: 24 } });
  // #endregion
  expect(bus.partitioning.count).toBe(24);
  await bus.close();
});
