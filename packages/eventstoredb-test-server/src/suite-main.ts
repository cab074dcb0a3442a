/**
 * The protocol suite on node:test, to be bundled into one file that runs where a real server is: EVENTSTORE_URL=esdb://… node eventstore-suite.cjs.
 * Without the variable it starts the test server and runs against that.
 */
import { after, before, describe, test } from 'node:test';
import { EventStoreDBClient } from '@eventstore/db-client';
import { protocolSuite } from './protocol-suite/protocol.contract.js';
import { startTestServer, type TestServer } from './test-server.js';

const url = process.env['EVENTSTORE_URL'];

describe(url === undefined ? 'the test server' : `the server at ${url.replace(/^.*[@/]|[?].*$/g, '')}`, () => {
  let server: TestServer | undefined;
  let client: EventStoreDBClient;
  before(async () => {
    if (url === undefined) server = await startTestServer({ categories: true });
    client = EventStoreDBClient.connectionString(url ?? server?.connectionString ?? '');
  });
  after(async () => {
    await client.dispose();
    await server?.stop();
  });
  protocolSuite({
    test: (title, body) => void test(title, { timeout: 30_000 }, body),
    client: () => client,
    maxAppendSize: Number(process.env['EVENTSTORE_MAX_APPEND_SIZE'] ?? 1024 * 1024),
    categories: url === undefined || process.env['EVENTSTORE_CATEGORIES'] === 'true',
    sendsCaughtUp: process.env['EVENTSTORE_CAUGHT_UP'] !== 'false',
  });
});
