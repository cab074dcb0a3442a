#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startControlServer } from './control-server.js';
import { startTestServer } from './test-server.js';

const USAGE = `skald-eventstoredb-test-server [options]

A stand-in for EventStoreDB to test against. A test tool: no TLS, no users, no cluster, all events in memory.
Never keep data in it that you would miss.

  --port <n>              where it listens; default 2113
  --host <name>           default 127.0.0.1
  --data <folder>         keeps a journal there, read again at the next start; default: nothing is kept
  --sync                  syncs every write to the disk
  --control-port <n>      takes faults over HTTP there: POST /faults, DELETE /faults, POST /cut, /freeze, /kill, /subscriptions/<reaction>
  --max-append-size <n>   bytes; default 1048576
  --server-version <v>    behaves as that version of EventStoreDB; default 24.10.0
  --categories            keeps $ce- streams
  --until-stdin-ends      ends with whoever holds its standard input, however that ended
`;

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '2113' },
    host: { type: 'string', default: '127.0.0.1' },
    data: { type: 'string' },
    sync: { type: 'boolean', default: false },
    'control-port': { type: 'string' },
    'max-append-size': { type: 'string', default: String(1024 * 1024) },
    'server-version': { type: 'string', default: '24.10.0' },
    categories: { type: 'boolean', default: false },
    'until-stdin-ends': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
} else {
  const server = await startTestServer({
    ...{ port: Number(values.port), host: values.host, sync: values.sync, categories: values.categories },
    ...(values.data !== undefined && { data: values.data }),
    ...{ maxAppendSize: Number(values['max-append-size']), version: values['server-version'] },
    onKill: () => process.kill(process.pid, 'SIGKILL'),
  });
  const control = values['control-port'];
  if (control !== undefined) await startControlServer(server, values.host, Number(control));
  const stop = () => void server.stop().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  if (values['until-stdin-ends']) process.stdin.on('end', stop).on('error', stop).resume();
  process.stdout.write(`A test server in place of EventStoreDB, not a database, at ${server.connectionString}\n`);
}
