import { taskOfToken } from '@skald/engine';
import type { Command } from 'commander';
import { type ActOptions, actingOf, addActing, jsonArgument, requestOf } from '../acting/acting-options.js';
import { report } from '../acting/carry-out.js';
import type { Cli } from '../cli.js';
import type { Verb } from './verb.js';

/** How a step ended that its participant left to somebody outside, whoever has its token. */
export const task: Verb = (program, cli) => {
  const group = program
    .command('task')
    .summary('say how a step ended that waits for its token: complete, fail, heartbeat')
    .description('Says how a step ended that its participant left to somebody outside, with a task token.');
  for (const verb of [complete, fail, heartbeat]) verb(group, cli);
};

const complete: Verb = (group, cli) => {
  addActing(group.command('complete <token>').summary('it happened'))
    .argument('[result]', 'JSON, @file, or - for standard input')
    .description('The task is done, with this result. The same again is accepted again, another result is not.')
    .action(async (token: string, text: string | undefined, options: ActOptions, command) => {
      const result = jsonArgument('the result', text);
      await tell(cli, command, options, token, { action: 'complete', ...(result !== undefined && { result }) });
    });
};

const fail: Verb = (group, cli) => {
  addActing(group.command('fail <token> <message>').summary('it did not happen, and never will'))
    .option('--name <error>', 'name of the error, which the saga may catch or retry', 'Error')
    .description('The task did not happen, and never will: nothing of it stands.')
    .action(async (token: string, message: string, options: ActOptions & { readonly name: string }, command) => {
      await tell(cli, command, options, token, { action: 'fail', name: options.name, message });
    });
};

const heartbeat: Verb = (group, cli) => {
  addActing(group.command('heartbeat <token>').summary('it is being worked on'))
    .description('The task is being worked on: where its step asks for heartbeats, the next is due an interval from now.')
    .action((token: string, options: ActOptions, command) => tell(cli, command, options, token, { action: 'heartbeat' }));
};

interface Said {
  readonly action: 'complete' | 'fail' | 'heartbeat';
  readonly result?: unknown;
  readonly name?: string;
  readonly message?: string;
}

async function tell(cli: Cli, command: Command, options: ActOptions, token: string, said: Said): Promise<void> {
  const { sagaId } = taskOfToken(token);
  const request = requestOf(options);
  const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call('task', { token, ...said }, request));
  await report(cli, command, { sagaId, operation: `task ${said.action}`, request }, outcome);
}
