import { startTestServer } from '@skald/eventstoredb-test-server';
import { eventStoreContract } from '@skald/testkit';
import { connectEventStore } from './connect-event-store.js';

async function open() {
  const server = await startTestServer();
  const subject = await connectEventStore({ connectionString: server.connectionString });
  return {
    subject,
    close: async () => {
      await subject.close();
      await server.stop();
    },
  };
}

eventStoreContract('EventStoreDB', open, { runs: 15 });
