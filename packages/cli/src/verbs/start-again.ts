import { actingOf, addReason, jsonArgument, type ReasonOptions, reasonOf, requestOf } from '../acting/acting-options.js';
import { plain } from '../terminal/plain-text.js';
import type { Verb } from './verb.js';

interface Options extends ReasonOptions {
  readonly id?: string;
  readonly input?: string;
}

export const startAgain: Verb = (program, cli) => {
  addReason(program.command('start-again <saga-id>').summary('begin another saga in place of one that has ended'))
    .description(
      'Begins another saga in place of one that has ended without completing. It has an id of its own and says which it stands in for. Over a message bus --definitions must name its saga.',
    )
    .option('--id <id>', "instance id of the new saga (default: the earlier one's with ~2, then ~3)")
    .option('--input <json>', "JSON, @file, or - (default: the earlier one's)")
    .action(async (sagaId: string, options: Options, command) => {
      const { id, input: text } = options;
      const input = jsonArgument('--input', text);
      const by = await cli.actorOf(command, options.by);
      const reason = await reasonOf(cli, options);
      const request = requestOf(options);
      const values = { sagaId, by, reason, ...(id !== undefined && { id }), ...(text !== undefined && { input }) };
      const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call('start-again', values, request));
      if (outcome.type === 'left') {
        if (cli.isJson(command)) return cli.json({ of: sagaId, request, outcome: 'left' });
        return cli.terminal.out(`${plain(sagaId)}: start-again is left for the next start of the application (request ${request})`);
      }
      const started = outcome.result as { readonly sagaId: string; readonly existing: boolean };
      if (cli.isJson(command)) return cli.json({ of: sagaId, request, outcome: 'done', ...started });
      cli.terminal.out(`${plain(started.sagaId)}: ${started.existing ? 'was there already' : 'started'}, in place of ${plain(sagaId)}`);
    });
};
