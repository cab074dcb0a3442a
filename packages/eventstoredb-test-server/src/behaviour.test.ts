import type { AddressInfo } from 'node:net';
import { EventStoreDBClient, jsonEvent, NO_STREAM, streamNameFilter } from '@eventstore/db-client';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startControlServer } from './control-server.js';
import { collect, errorOf, Heard, idsOf, someEvent, someEvents, someStream } from './protocol-suite/suite-target.js';
import { startTestServer, type TestServer, type TestServerOptions } from './test-server.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(options: TestServerOptions = {}): Promise<{ server: TestServer; client: EventStoreDBClient }> {
  const server = await startTestServer(options);
  closing.push(() => server.stop());
  const client = EventStoreDBClient.connectionString(server.connectionString);
  closing.push(() => client.dispose());
  return { server, client };
}

describe('What the test server does that a suite for any server cannot ask', () => {
  it('S2: live, a checkpoint follows every so many considered events', async () => {
    const { client } = await start();
    const checkpoints: bigint[] = [];
    const checkpointReached = async (_: unknown, { commit }: { commit: bigint }): Promise<void> => {
      checkpoints.push(commit);
      heard.add('checkpoint');
    };
    const filter = streamNameFilter({ prefixes: ['wanted'], maxSearchWindow: 2, checkpointInterval: 2, checkpointReached });
    const heard = new Heard(client.subscribeToAll({ fromPosition: 'end', filter }), () => true);
    await heard.until(({ items }) => items.includes('caughtUp'));
    const streams = ['other-1', 'wanted-1', 'other-2', 'wanted-2', 'other-3', 'other-4', 'other-5', 'other-6'];
    const positions = [];
    for (const stream of streams) positions.push((await client.appendToStream(stream, someEvent())).position?.commit);
    await heard.until(() => checkpoints.length === 2);
    await heard.stop();
    expect(checkpoints).toEqual([positions[3], positions[7]]);
    expect(heard.items.filter((item) => /^(event|checkpoint)/.test(item))).toEqual([...['event 0', 'event 0', 'checkpoint', 'checkpoint']]);
  });

  it('behaves as an older version: no BatchAppend, no positions in streams, no caught-up', async () => {
    const { client } = await start({ version: '21.2.0' });
    const stream = someStream();
    await client.appendToStream(stream, someEvents(2), { expectedRevision: NO_STREAM });
    const [first] = await collect(client.readStream(stream));
    expect(first?.event?.position?.commit).toBe(2n ** 64n - 1n);
    const heard = new Heard(client.subscribeToAll(), (event) => event.event?.streamId === stream);
    await heard.until(({ events }) => events.length === 2);
    await client.appendToStream(stream, someEvent(), { expectedRevision: 1n });
    await heard.until(({ events }) => events.length === 3);
    await heard.stop();
    expect(heard.items).not.toContain('caughtUp');
  });

  it('sends those who need the leader there, and says in gossip where it is', async () => {
    const [a, b] = [await start(), await start()];
    a.server.follow(b.server.endpoint);
    const failed = await errorOf(a.client.appendToStream('x-1', someEvent(), { requiresLeader: true }));
    expect(failed).toMatchObject({ type: 'not-leader', leader: { address: '127.0.0.1', port: b.server.endpoint.port } });
    await a.client.appendToStream('x-1', someEvent(), { requiresLeader: true });
    expect(await idsOf(b.client, 'x-1')).toHaveLength(1);
    const seeds = [a, b].map(({ server }) => `127.0.0.1:${server.endpoint.port}`).join(',');
    const cluster = EventStoreDBClient.connectionString(`esdb://${seeds}?tls=false`);
    closing.push(() => cluster.dispose());
    await cluster.appendToStream('x-2', someEvent());
    expect(await idsOf(b.client, 'x-2')).toHaveLength(1);
  });

  it('refuses an event without an id or a type', async () => {
    const { client } = await start();
    const id = '00000000-0000-0000-0000-000000000000';
    expect(await errorOf(client.appendToStream('x-1', jsonEvent({ id, type: 'x', data: {} })))).toMatchObject({ type: 'unknown' });
    expect(await errorOf(client.appendToStream('x-1', jsonEvent({ type: '', data: {} })))).toMatchObject({ type: 'unknown' });
  });

  it('takes faults over HTTP', async () => {
    const { server, client } = await start();
    const http = await startControlServer(server, '127.0.0.1', 0);
    closing.push(() => new Promise((resolve) => http.close(resolve)));
    const call = async (path: string, init: RequestInit): Promise<number> =>
      (await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}${path}`, { ...init, headers: { connection: 'close' } }))
        .status;
    const fault = { on: 'append', reaction: 'timeout', written: true };
    expect(await call('/faults', { method: 'POST', body: JSON.stringify(fault) })).toBe(204);
    expect(await errorOf(client.appendToStream('x-1', someEvent()))).toMatchObject({ type: 'deadline-exceeded' });
    expect(await idsOf(client, 'x-1')).toHaveLength(1);
    expect(await call('/faults', { method: 'DELETE' })).toBe(204);
    expect(await call('/cut', { method: 'POST' })).toBe(204);
    expect(await call('/nonsense', { method: 'POST' })).toBe(404);
    expect(await call('/faults', { method: 'POST', body: 'nonsense' })).toBe(400);
  });
});
