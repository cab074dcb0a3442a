import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const STORE = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const SERVER = fileURLToPath(new URL('../../eventstoredb-test-server/dist/index.js', import.meta.url));

/**
 * Hundreds of large appends in flight when connections are cut, servers die, and clusters cannot be found. Node ends a process with code 1 when a
 * rejection is not handled; with the client's own appends it does.
 */
const SCRIPT = `
  const { connectEventStore } = await import(${JSON.stringify(STORE)});
  const { startTestServer } = await import(${JSON.stringify(SERVER)});
  let server = await startTestServer();
  const { port } = server.endpoint;
  const timeouts = { answer: 500, patience: 15_000, quiet: 300 };
  const options = { connectionString: server.connectionString + '&maxDiscoverAttempts=2&discoveryInterval=10', timeouts, maxUnacknowledged: 400 };
  const stores = [
    await connectEventStore(options),
    await connectEventStore({ ...options, connectionString: options.connectionString.replace('?', ',127.0.0.1:1?') }),
  ];
  const event = () => ({ id: crypto.randomUUID(), type: 'x', data: JSON.stringify('x'.repeat(100_000)), metadata: '{}', hash: 'h' });
  const writes = () => Array.from({ length: 200 }, () => ({ stream: 'order-' + crypto.randomUUID(), expectedRevision: -1, events: [event()] }));
  let events = 0;
  for (const store of stores) store.subscribe(0, async (batch) => void (events += batch.length));
  for (const act of [() => server.cutConnections(), () => server.freeze(), () => server.stop().then(async () => (server = await startTestServer({ port })))]) {
    const appending = Promise.all(stores.map((store) => store.append(writes())));
    setTimeout(act, 100);
    const types = (await appending).flat().map(({ type }) => type);
    if (types.some((type) => type !== 'appended')) throw new Error('not appended: ' + types);
  }
  await server.stop();
  for (const store of stores) await store.close();
  console.log('done', events > 0);
`;

it('K2, B2: no fault raises a rejection that nobody handles', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', SCRIPT], {
    encoding: 'utf8',
    timeout: 90_000,
  });
  expect(stderr).toBe('');
  expect(stdout).toBe('done true\n');
  expect(status).toBe(0);
});
