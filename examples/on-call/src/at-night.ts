import { processTerminal, runCommandLine } from '@skald/cli';
import { CALLED_AT } from './night.js';

/** The `skald` command, at the hour of the call. */
process.exitCode = await runCommandLine(process.argv.slice(2), { ...processTerminal(process), now: () => CALLED_AT }, {});
