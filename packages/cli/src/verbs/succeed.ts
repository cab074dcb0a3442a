import type { Act } from '../acting/act.js';
import { jsonArgument, type ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'succeed', onTarget: true, statuses: ['suspended'] };
const ABOUT = `Says that a parked step or compensation did happen; a step with this result (JSON, @file, or - for standard input). A step that waits
for its task token is settled so too, where it is named.`;

export const succeed: Verb = (program, cli) => {
  actCommand(program, ACT, 'what is parked did happen, with this result', ABOUT)
    .argument('[result]', 'JSON; only with a target')
    .action((sagaId: string | undefined, target: string | undefined, text: string | undefined, options: ManyOptions, command) => {
      const result = jsonArgument('the result', text);
      const act = { ...ACT, ...(result !== undefined && { values: { result } }) };
      return carryOut(cli, command, act, { sagaId, target, options });
    });
};
