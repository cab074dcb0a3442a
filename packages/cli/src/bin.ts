#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { processTerminal } from './terminal.js';

// Whoever reads the output may stop reading: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
const code = await runCommandLine(process.argv.slice(2), processTerminal(process), process.env);
// A module of sagas that was loaded may keep the process alive: what is written is written, and that is all.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
