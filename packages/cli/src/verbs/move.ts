import { actingOf, addReason, type ReasonOptions, reasonOf, requestOf } from '../acting/acting-options.js';
import { report } from '../acting/carry-out.js';
import { comingMomentOf } from '../terminal/moments.js';
import type { Verb } from './verb.js';

interface Options extends ReasonOptions {
  readonly until: string;
}

export const move: Verb = (program, cli) => {
  addReason(program.command('move <saga-id> <step>').summary('let a step that waits wait until another time'))
    .description('Lets a step that waits for a time, or for a signal that has a timeout, wait until another time.')
    .requiredOption('--until <time>', 'now, in a time (2h), or a date (2026-11-24T09:45, UTC)')
    .action(async (sagaId: string, step: string, options: Options, command) => {
      const until = comingMomentOf('--until', options.until, Date.now());
      const by = await cli.actorOf(command, options.by);
      const values = { sagaId, step: step.replace(/^step:/, ''), by, reason: await reasonOf(cli, options), until };
      const request = requestOf(options);
      const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call('move', values, request));
      await report(cli, command, { sagaId, operation: 'move', target: `step:${values.step}`, request }, outcome);
    });
};
