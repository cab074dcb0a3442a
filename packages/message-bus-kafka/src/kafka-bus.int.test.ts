import { it } from '@jest/globals';
import { messageBusContract } from '@skald/testkit';
import { brokers, connect, uniquePrefix, whyNot } from './kafka-subject.contract.js';

if (brokers) {
  messageBusContract('KafkaBus', async () => {
    const subject = await connect(uniquePrefix('contract'));
    return { subject, close: () => subject.close() };
  });
} else it.todo(`KafkaBus is a message bus (${whyNot})`);
