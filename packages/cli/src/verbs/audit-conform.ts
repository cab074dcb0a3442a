import { type Conformance, conformAll, conformOne, explainDifference } from '@skald/audit';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { ConformanceCount } from '../conformance-count.js';
import { type DecryptOptions, decryptOption } from '../connecting/decrypting.js';
import { plain } from '../terminal/plain-text.js';
import { oneOrAll } from './one-or-all.js';
import type { Verb } from './verb.js';

const ABOUT = `Replays histories with definitions: every message of a saga is decided on anew, compensation included, and what comes out is compared with what was
recorded. Tells the first event that the definition would have made otherwise. Times and retry policies are those on record. Nothing is
sent and nothing is stored.

Payloads that are encrypted are opened by the codec that the definitions' module exports, or skald.config.mjs names; without one the exit code is 1. A
history whose key was dropped can be read by nobody: it is told and counted, and is no difference; asked for alone, the exit code is 1.`;

interface Options extends DecryptOptions {
  readonly all?: true;
}

export const auditConform: Verb = (program, cli) => {
  program
    .command('conform [saga-id]')
    .summary('whether definitions decide as it was recorded')
    .description(ABOUT)
    .option('--all', 'every saga of the store')
    .addOption(decryptOption())
    .action(async (sagaId: string | undefined, options: Options, command: Command) => {
      const one = oneOrAll(sagaId, options);
      const candidates = await cli.candidates(command);
      await cli.withKeysIfGiven(command, (codec) =>
        cli.reading(command, async ({ events }) => {
          const results = one === undefined ? conformAll(events, candidates, codec) : [await conformOne(events, one, candidates, codec)];
          const count = await tellAll(results, cli, command, options.decrypt === true);
          cli.exitCode = count.exitCode(one !== undefined);
        }),
      );
    });
};

type Results = AsyncIterable<Conformance> | Iterable<Conformance>;

async function tellAll(results: Results, cli: Cli, command: Command, decrypt: boolean): Promise<ConformanceCount> {
  const count = new ConformanceCount();
  const notes = new Set<string>();
  for await (const result of results) {
    const conforms = count.add(result);
    const why = reasonOf(result, decrypt);
    if ('replay' in result) {
      const { saga, version } = result.replay;
      for (const note of result.replay.notes) notes.add(`${saga} version ${version}: ${note}`);
    }
    if (cli.isJson(command)) cli.json({ sagaId: result.sagaId, conforms, ...(why !== undefined && { why }) });
    else if (why !== undefined) cli.terminal.out(`${plain(result.sagaId)}: ${plain(why)}`);
  }
  for (const note of notes) cli.terminal.err(plain(note));
  cli.terminal.err(count.summary());
  return count;
}

function reasonOf(result: Conformance, decrypt: boolean): string | undefined {
  if ('replay' in result) {
    const { replay, candidate, payloads } = result;
    return replay.difference && explainDifference(replay.difference, candidate.definition, payloads === 'opened' && !decrypt);
  }
  switch (result.problem) {
    case 'encrypted':
      return 'history unreadable: its payloads are encrypted, and no codec is given';
    case 'key-dropped':
      return 'history unreadable: key dropped';
    case 'unreadable':
      return result.message;
    case 'not-deployed':
      return `saga ${result.saga} version ${result.version} is not among the definitions`;
  }
}
