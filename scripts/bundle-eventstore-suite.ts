import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './repository.ts';

/** The protocol suite of EventStoreDB in one file, to take to a machine that has a real server and Node 24, and nothing else of ours. */
const outfile = join(root, 'dist', 'eventstore-suite.cjs');

await build({
  entryPoints: [join(root, 'packages/eventstoredb-test-server/src/suite-main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  logLevel: 'warning',
});
console.log(`EVENTSTORE_URL='esdb://localhost:2113?tls=false' node ${outfile}`);
