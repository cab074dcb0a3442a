import type { Json } from '@skald/kernel';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { graphOf } from '../diagrams/definition-graph.js';
import { type Described, describedIn, describedOnRecord, namesInUse } from '../diagrams/described.js';
import { ago } from '../terminal/ages.js';
import { type Cell, columns } from '../terminal/columns.js';
import { painter } from '../terminal/paint.js';
import { duration, plain } from '../terminal/plain-text.js';
import type { Verb } from './verb.js';

export const definitionsList: Verb = (program, cli) => {
  program
    .command('list [saga]')
    .summary('the versions that there are')
    .description('Lists versions: of a module, or those that were deployed on this store, with how many sagas of each are under way.')
    .action(async (saga: string | undefined, _options, command) => {
      const rows = await rowsOf(cli, command, saga);
      if (cli.isJson(command)) for (const row of rows) cli.json(row);
      else show(rows, cli);
    });
};

interface Row extends Described {
  /** Sagas that have not ended; absent on what comes from a module. */
  readonly underWay?: number;
}

async function rowsOf(cli: Cli, command: Command, saga: string | undefined): Promise<readonly Row[]> {
  const definitions = await cli.definitions(command);
  if (definitions) return describedIn(definitions).filter((one) => saga === undefined || one.saga === saga);
  return cli.reading(command, async (store) => {
    const described = await describedOnRecord(store, saga === undefined ? await namesInUse(store) : [saga]);
    const unended = await (await store.index()).unended();
    return described.map((one) => {
      return { ...one, underWay: unended.find((count) => count.saga === one.saga && count.version === one.version)?.sagas ?? 0 };
    });
  });
}

function show(rows: readonly Row[], { terminal }: Cli): void {
  if (rows.length === 0) return terminal.err('No definition is on record here; name a module with --definitions.');
  const { colours, width } = terminal;
  const heading = ['SAGA', 'VERSION', 'STEPS', 'DEADLINE', 'DEPLOYED', 'UNDER WAY'].map((text): Cell => ({ text, style: 'dim' }));
  const cells = rows.map(({ saga, version, description, deployedAt, underWay }): Cell[] => [
    { text: plain(saga), style: 'bold' },
    { text: String(version) },
    { text: String(graphOf(description).steps.length) },
    { text: deadlineOf(description) },
    { text: deployedAt === undefined ? '–' : ago(terminal.now() - deployedAt) },
    { text: underWay === undefined ? '–' : String(underWay) },
  ]);
  for (const line of columns([heading, ...cells], { paint: painter(colours), width })) terminal.out(line);
}

function deadlineOf(description: Json): string {
  const deadline = (description as { readonly deadline?: Json }).deadline;
  return typeof deadline === 'number' ? duration(deadline) : 'none';
}
