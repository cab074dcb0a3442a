import { type ActOptions, actingOf, addActing, jsonArgument, requestOf } from '../acting/acting-options.js';
import { report } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

export const signal: Verb = (program, cli) => {
  addActing(program.command('signal <saga-id> <name>').summary('tell a saga what a step of it waits for'))
    .argument('[payload]', 'JSON, @file, or - for standard input')
    .description('Tells a saga something that a step of it waits for, now or later.')
    .addHelpText('after', `\nExample:\n  skald signal order-1 approval '{"approved":true}'`)
    .action(async (sagaId: string, name: string, text: string | undefined, options: ActOptions, command) => {
      const payload = jsonArgument('the payload', text);
      const request = requestOf(options);
      const by = await cli.actorOf(command, options.by);
      const values = { sagaId, signal: name, by, id: request, ...(payload !== undefined && { payload }) };
      const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call('signal', values, request));
      await report(cli, command, { sagaId, operation: `signal ${name}`, request }, outcome);
    });
};
