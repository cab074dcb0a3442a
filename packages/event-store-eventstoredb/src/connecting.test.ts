import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '@skald/eventstoredb-test-server';
import { connectEventStore } from './connect-event-store.js';

const servers: TestServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(): Promise<TestServer> {
  const server = await startTestServer();
  servers.push(server);
  return server;
}

describe('Who cannot connect', () => {
  it('is told that a server speaks no TLS, and what to do', async () => {
    const plain = await serve();
    const connectionString = plain.connectionString.replace('tls=false', 'tls=true').replace('127.0.0.1', 'localhost');
    await expect(connectEventStore({ connectionString, timeouts: { answer: 1_000, patience: 100 } })).rejects.toMatchObject({
      code: 'store-unreachable',
      message: expect.stringContaining('it does not speak TLS; if that is meant, say tls=false in the connection string. Check'),
    });
  });

  it('is told that there is no server, or that a connection string is wrong', async () => {
    const gone = await serve();
    const { connectionString } = gone;
    await gone.stop();
    const told: string[] = [];
    const onTrouble = (what: string, error: unknown) => void told.push(`${what}: ${(error as Error).message}`);
    const patient = { answer: 100, patience: 300 };
    await expect(connectEventStore({ connectionString, timeouts: patient, onTrouble })).rejects.toMatchObject({
      code: 'store-unreachable',
      message: expect.stringMatching(/ at esdb:\/\/127\.0\.0\.1:\d+ does not answer: connect ECONNREFUSED 127\.0\.0\.1:\d+\. Check/),
    });
    expect(told[0]).toMatch(/^to connect is tried again: connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
    const seeds = `${connectionString.replace('?', ',127.0.0.1:1?')}&maxDiscoverAttempts=2&discoveryInterval=10`;
    await expect(connectEventStore({ connectionString: seeds, timeouts: { answer: 100, patience: 100 } })).rejects.toMatchObject({
      code: 'store-unreachable',
    });
    await expect(connectEventStore({ connectionString: 'http://localhost' })).rejects.toMatchObject({ code: 'invalid-connection' });
    await expect(connectEventStore({})).rejects.toMatchObject({ code: 'invalid-connection' });
  });
});
