import type { Command } from 'commander';
import type { Cli } from '../cli.js';

/**
 * One verb of the command line, in a file of its own: adds its command to the program. An action throws `UsageError` for what it cannot
 * understand (exit code 2), anything else for what it cannot do (1), and sets `cli.exitCode` for what it found (3).
 */
export type Verb = (program: Command, cli: Cli) => void;
