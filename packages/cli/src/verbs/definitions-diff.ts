import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { loadCandidates } from '../connecting/load-candidates.js';
import { changesOf, type Described, describedIn, describedOnRecord } from '../diagrams/described.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { wholeNumber } from '../terminal/whole-number.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

interface Options {
  readonly against?: string;
  readonly from?: number;
  readonly to?: number;
}

/** How one version stands against what it is compared with. */
interface Difference {
  readonly saga: string;
  readonly version: number;
  readonly against: number | undefined;
  readonly differences: readonly string[];
}

const ABOUT = `Compares the sagas of a module (--definitions) with what was deployed under the same versions on this store, or in another module
(--against). With --from and --to two versions of one saga. Exit code 3 where something differs.`;

export const definitionsDiff: Verb = (program, cli) => {
  program
    .command('diff [saga]')
    .summary('what was changed')
    .description(ABOUT)
    .option('--against <module>', 'another compiled module, and not what was deployed')
    .option('--from <version>', 'this version of the saga', wholeNumber('--from', 1))
    .option('--to <version>', 'with this one', wholeNumber('--to', 1))
    .action(async (saga: string | undefined, options: Options, command) => {
      const differences = await differencesOf(cli, command, saga, options);
      if (differences.some((one) => one.differences.length > 0)) cli.exitCode = EXIT.found;
      if (cli.isJson(command)) return differences.forEach((one) => cli.json(one));
      for (const line of differences.flatMap((one) => told(one, cli.terminal.colours))) cli.terminal.out(line);
    });
};

async function differencesOf(cli: Cli, command: Command, saga: string | undefined, options: Options): Promise<readonly Difference[]> {
  const definitions = await cli.definitions(command);
  const { from, to, against } = options;
  if (from !== undefined || to !== undefined) {
    if (saga === undefined || from === undefined || to === undefined) throw new UsageError('name the saga, and both --from and --to');
    const all = definitions ? describedIn(definitions) : await cli.reading(command, (store) => describedOnRecord(store, [saga]));
    return [compared(versionOf(all, saga, to), versionOf(all, saga, from))];
  }
  if (!definitions) throw new UsageError('which sagas? name a compiled module that exports them: --definitions <module>');
  const now = describedIn(definitions).filter((one) => saga === undefined || one.saga === saga);
  const names = new Set(now.map((one) => one.saga));
  const before = against === undefined ? await cli.reading(command, (store) => describedOnRecord(store, names)) : await inModule(against);
  return now.map((one) =>
    compared(
      one,
      before.find((other) => other.saga === one.saga && other.version === one.version),
    ),
  );
}

async function inModule(file: string): Promise<Described[]> {
  return describedIn((await loadCandidates(file)).flatMap(({ definition }) => definition ?? []));
}

function versionOf(all: readonly Described[], saga: string, version: number): Described {
  const found = all.find((one) => one.saga === saga && one.version === version);
  if (found) return found;
  const known = all.filter((one) => one.saga === saga).map((one) => one.version);
  throw new Error(`saga ${saga} has no version ${version} here: there is ${known.join(', ') || 'none'}`);
}

function compared({ saga, version, description }: Described, before: Described | undefined): Difference {
  return { saga, version, against: before?.version, differences: before ? changesOf(before.description, description) : [] };
}

function told({ saga, version, against, differences }: Difference, colours: boolean): string[] {
  const paint = painter(colours);
  const what = `${plain(saga)}, version ${version}${against === undefined || against === version ? '' : ` against ${against}`}`;
  if (against === undefined) return [`${paint('cyan', '+')} ${what}: new`];
  if (differences.length === 0) return [`${paint('green', '✔')} ${what}: the same`];
  return [`${paint('yellow', '!')} ${what}:`, ...differences.map((difference) => `    ${plain(difference)}`)];
}
