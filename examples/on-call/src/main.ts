import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processTerminal, runCommandLine } from '@skald/cli';
import { badNight, CALLED_AT } from './night.js';

/** Makes the store of a bad night, in a folder of its own or the one that is named, and shows what there is to see. */
const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'skald-night-'));
await badNight(join(folder, 'skald.db'));
const terminal = { ...processTerminal(process), now: () => CALLED_AT };
for (const verb of [['list'], ['doctor'], ['show', 'order-1003']]) {
  console.log(`\n$ skald ${verb.join(' ')}`);
  await runCommandLine([...verb, '--data', folder], terminal);
}
