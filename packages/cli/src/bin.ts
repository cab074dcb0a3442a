#!/usr/bin/env node
import module from 'node:module';
import { isTooOld } from './node-version.js';

if (isTooOld(process.versions.node)) {
  process.stderr.write(`skald: Node 22.13 or later is wanted, and this is ${process.versions.node}\n`);
  process.exit(1);
}
// What was compiled is kept for the next call, in the folder for temporary files.
module.enableCompileCache();
// Of whatever is loaded from here on: what it deprecates is nobody's business who looks at sagas.
process.noDeprecation = true;
// Whoever reads the output may stop reading: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
const { runCommandLine } = await import('./command-line.js');
const { processTerminal } = await import('./terminal/terminal.js');
const code = await runCommandLine(process.argv.slice(2), processTerminal(process), process.env);
// A module of sagas that was loaded may keep the process alive: what is written is written, and that is all.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
