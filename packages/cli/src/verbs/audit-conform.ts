import { type Conformance, conformAll, conformOne, explainDifference } from '@skald/audit';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { plain } from '../plain-text.js';
import { oneOrAll } from './one-or-all.js';
import type { Verb } from './verb.js';

const ABOUT = `Replays histories with definitions: every message of a saga is decided on anew, compensation included, and what comes out is compared with what was
recorded. Tells the first event that the definition would have made otherwise. Times and retry policies are those on record. Nothing is
sent and nothing is stored.`;

interface Options {
  readonly all?: true;
}

export const auditConform: Verb = (program, cli) => {
  program
    .command('conform [saga-id]')
    .summary('whether definitions decide as it was recorded')
    .description(ABOUT)
    .option('--all', 'every saga of the store')
    .action(async (sagaId: string | undefined, options: Options, command: Command) => {
      const one = oneOrAll(sagaId, options);
      const candidates = await cli.candidates(command);
      await cli.reading(command, async ({ events }) => {
        const results = one === undefined ? conformAll(events, candidates) : [await conformOne(events, one, candidates)];
        await tellAll(results, cli, command);
      });
    });
};

async function tellAll(results: AsyncIterable<Conformance> | Iterable<Conformance>, cli: Cli, command: Command): Promise<void> {
  const counts = { sagas: 0, decisions: 0, differ: 0 };
  const notes = new Set<string>();
  for await (const result of results) {
    counts.sagas += 1;
    const why = reasonOf(result);
    if ('replay' in result) {
      counts.decisions += result.replay.decisions;
      for (const note of result.replay.notes) notes.add(`${result.replay.saga} version ${result.replay.version}: ${note}`);
    }
    if (why !== undefined) counts.differ += 1;
    if (cli.isJson(command)) cli.json({ sagaId: result.sagaId, conforms: why === undefined, ...(why !== undefined && { why }) });
    else if (why !== undefined) cli.terminal.out(`${plain(result.sagaId)}: ${plain(why)}`);
  }
  if (counts.differ > 0) cli.exitCode = EXIT.found;
  for (const note of notes) cli.terminal.err(plain(note));
  const said = `${counts.decisions} decisions of ${counts.sagas} ${counts.sagas === 1 ? 'saga' : 'sagas'} replayed`;
  const end = counts.differ > 0 ? `${counts.differ} of them would not come out as recorded.` : 'all come out as recorded.';
  cli.terminal.err(`${said}: ${end}`);
}

function reasonOf(result: Conformance): string | undefined {
  if ('replay' in result) {
    const { difference } = result.replay;
    return difference && explainDifference(difference, result.candidate.definition);
  }
  if (result.problem === 'sealed') return 'its payloads are encrypted, and cannot be replayed without its key';
  if (result.problem === 'unreadable') return result.message;
  return `saga ${result.saga} version ${result.version} is not among the definitions`;
}
