import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { protocolSuite } from './protocol-suite/protocol.contract.js';
import { startTestServer, type TestServer } from './test-server.js';

/** Set it to run the suite against a real server: EVENTSTORE_URL=esdb://localhost:2113?tls=false. */
const url = process.env['EVENTSTORE_URL'];
const maxAppendSize = Number(process.env['EVENTSTORE_MAX_APPEND_SIZE'] ?? 1024 * 1024);

describe(
  url === undefined ? 'The test server speaks EventStoreDB’s protocol' : `The server at ${url} speaks EventStoreDB’s protocol`,
  () => {
    let server: TestServer | undefined;
    let client: EventStoreDBClient;
    beforeAll(async () => {
      if (url === undefined) server = await startTestServer({ categories: true });
      client = EventStoreDBClient.connectionString(url ?? server?.connectionString ?? '');
    });
    afterAll(async () => {
      await client.dispose();
      await server?.stop();
    });
    protocolSuite({
      test: (title, body) => {
        it(title, body);
      },
      client: () => client,
      maxAppendSize,
      categories: url === undefined || process.env['EVENTSTORE_CATEGORIES'] === 'true',
      sendsCaughtUp: process.env['EVENTSTORE_CAUGHT_UP'] !== 'false',
    });
  },
);
