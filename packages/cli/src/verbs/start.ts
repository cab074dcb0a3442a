import { setTimeout } from 'node:timers/promises';
import { readHistory, stateOf } from '@skald/engine';
import { isEnded, type SagaState, statusOf } from '@skald/kernel';
import type { Command } from 'commander';
import { type ActOptions, actingOf, addActing, jsonArgument, requestOf } from '../acting/acting-options.js';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { json, plain } from '../terminal/plain-text.js';
import { wholeNumber } from '../terminal/whole-number.js';
import type { Verb } from './verb.js';

interface Options extends ActOptions {
  readonly id?: string;
  readonly of?: number;
  readonly wait?: boolean;
}

/** How often it is looked whether it has ended, in milliseconds. */
const LOOK_EVERY = 100;

export const start: Verb = (program, cli) => {
  addActing(program.command('start <saga>').summary('start a saga'))
    .argument('[input]', 'JSON, @file, or - for standard input')
    .description('Starts a saga. Over a message bus --definitions must name the sagas, since its managers take what they are given.')
    .option('--id <id>', 'instance id: the same id with the same input again starts nothing (default: the id of the request)')
    .option('--of <version>', 'of this version (default: the newest)', wholeNumber('--of', 1))
    .option('--wait', 'wait until it has ended; exit code 1 unless it completed')
    .addHelpText('after', `\nExample:\n  skald start order '{"item":"lamp"}' --id 4711 --wait`)
    .action(async (saga: string, text: string | undefined, options: Options, command) => {
      const { id, of: version, wait } = options;
      const input = jsonArgument('the input', text);
      const request = requestOf(options);
      const values = { saga, input, ...(id !== undefined && { id }), ...(version !== undefined && { version }) };
      const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call('start', values, request));
      if (outcome.type === 'left')
        return tell(cli, command, `left for the next start of the application (request ${request})`, { saga, request, outcome: 'left' });
      const { sagaId, existing } = outcome.result as { readonly sagaId: string; readonly existing: boolean };
      const state = wait ? await ended(cli, command, sagaId) : undefined;
      const status = state && statusOf(state);
      const output = state?.end?.type === 'SagaCompleted' ? state.end.data.output : undefined;
      const said = `${plain(sagaId)}: ${existing ? 'was there already, with this input' : 'started'}`;
      const end = status === undefined ? '' : `; it is ${status}${output === undefined ? '' : ` ${json(output)}`}`;
      tell(cli, command, `${said}${end}`, {
        sagaId,
        existing,
        request,
        ...(status && { status }),
        ...(output !== undefined && { output }),
      });
      if (status !== undefined && status !== 'completed') cli.exitCode = EXIT.failed;
    });
};

function tell(cli: Cli, command: Command, line: string, document: unknown): void {
  if (cli.isJson(command)) cli.json(document);
  else cli.terminal.out(line);
}

/** Until it has ended, or waits for a person. */
function ended(cli: Cli, command: Command, sagaId: string): Promise<SagaState> {
  return cli.reading(command, async ({ events }) => {
    for (;;) {
      const state = stateOf(await readHistory(events, sagaId));
      const status = statusOf(state);
      if (isEnded(status) || status === 'suspended') return state;
      await setTimeout(LOOK_EVERY);
    }
  });
}
