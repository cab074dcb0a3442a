import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ActingOptions, Cli } from '../cli.js';
import { addSelection, type SelectionOptions } from '../looking/selection.js';
import { durationOf } from '../terminal/moments.js';
import { UsageError } from '../usage.js';

/** The options of everything that acts. */
export interface ActOptions {
  readonly by?: string;
  readonly request?: string;
  readonly later?: boolean;
  readonly patience: number;
}

export interface ReasonOptions extends ActOptions {
  readonly reason?: string;
}

/** The options of what can be done to many sagas at once. */
export interface ManyOptions extends ReasonOptions, SelectionOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addActing(command: Command): Command {
  return command
    .option('--by <who>', 'who acts, as it is recorded (default: SKALD_BY, the configuration, or user@host)')
    .option('--request <id>', 'id of the request: repeated under the same id nothing is done twice')
    .option('--patience <time>', 'how long an answer is waited for', patienceOf, 30_000)
    .option('--later', 'where no application runs: leave it for its next start');
}

export function addReason(command: Command): Command {
  return addActing(command.option('-r, --reason <text>', 'why, as it is recorded; asked for where it is missing'));
}

export function addMany(command: Command): Command {
  return addSelection(addReason(command))
    .option('--all', 'all that it can be done to')
    .option('-n, --dry-run', 'say what would be done, and do nothing')
    .option('-y, --yes', 'do not ask whether that many are meant');
}

function patienceOf(text: string): number {
  const patience = durationOf(text);
  if (patience !== undefined) return patience;
  throw new UsageError(`--patience ${text}: a time is wanted, as in 30s or 2m`);
}

export function actingOf({ later, patience }: ActOptions): ActingOptions {
  return { later: later ?? false, patience };
}

export function requestOf({ request }: ActOptions): string {
  return request ?? randomUUID();
}

/** Nothing is done to a saga without a reason. */
export async function reasonOf({ terminal }: Cli, { reason }: ReasonOptions): Promise<string> {
  const given = reason ?? (await terminal.person?.ask('Reason (it is recorded with the saga): ')) ?? '';
  if (given.trim() !== '') return given.trim();
  throw new UsageError('a reason is wanted, which is recorded with the saga: --reason "…"');
}

/** JSON as it is written on a command line: the text itself, `@file`, or `-` for standard input. */
export function jsonArgument(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const [source, json] = read(name, text);
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name}${source} is no JSON: ${problem}. A text needs its quotes: '"yes"'`);
  }
}

function read(name: string, text: string): [source: string, json: string] {
  if (text !== '-' && !text.startsWith('@')) return ['', text];
  const source = text === '-' ? ' from standard input' : ` from ${text.slice(1)}`;
  try {
    return [source, readFileSync(text === '-' ? 0 : text.slice(1), 'utf8')];
  } catch (error) {
    throw new UsageError(`${name}${source} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
