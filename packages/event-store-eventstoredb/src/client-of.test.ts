import { describe, expect, it } from '@jest/globals';
import { startTestServer } from '@skald/eventstoredb-test-server';
import { clientOf, serverOf } from './client-of.js';
import { connectEventStore } from './connect-event-store.js';
import type { ConnectionSettings } from './store-options.js';

describe('Settings in parts', () => {
  it('connect as a connection string does: to one host, or by way of several', async () => {
    const [server, other] = [await startTestServer(), await startTestServer()];
    other.follow(server.endpoint);
    const one: ConnectionSettings = { hosts: [server.endpoint], tls: false, connectionName: 'test' };
    const several: ConnectionSettings = { hosts: [other.endpoint, server.endpoint], tls: false, nodePreference: 'leader' };
    const byName: ConnectionSettings = { hosts: [other.endpoint], discover: true, tls: false };
    for (const settings of [one, several, byName]) {
      const store = await connectEventStore({ settings });
      expect(await store.head()).toBe(0);
      await store.close();
    }
    expect(other.connections).toBe(0);
    await Promise.all([server.stop(), other.stop()]);
  });

  it('are given instead of a connection string, and name at least one host', () => {
    expect(() => clientOf({ connectionString: 'esdb://localhost', settings: { hosts: [{ host: 'localhost' }] } })).toThrow('either');
    expect(() => clientOf({ settings: { hosts: [] } })).toThrow('empty');
  });

  it('never show a password in messages', () => {
    expect(serverOf({ connectionString: 'esdb://me:secret@a:2113,b:2113?tls=true' })).toBe('esdb://a:2113,b:2113');
    expect(serverOf({ settings: { hosts: [{ host: 'a' }, { host: 'b', port: 1 }], username: 'me', password: 'secret' } })).toBe(
      'a:2113,b:1',
    );
  });
});
