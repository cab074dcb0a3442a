import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from './repository.ts';

/** The protocol suite of EventStoreDB in one file, to take to a machine that has a real server and Node 24, and nothing else of ours. */
const file = join(root, 'dist', 'eventstore-suite.mjs');

const bundle = await rolldown({
  input: join(root, 'packages/eventstoredb-test-server/src/suite-main.ts'),
  platform: 'node',
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
});
await bundle.write({ file, format: 'esm', codeSplitting: false });
await bundle.close();
console.log(`${file}\nEVENTSTORE_URL='esdb://localhost:2113?tls=false' node ${file}`);
