import type { Act } from '../acting/act.js';
import { jsonArgument, type ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'patch', onTarget: true, statuses: ['suspended'] };
const ABOUT = `Asks a parked step or compensation again, with other arguments: all of them, as a JSON list (or @file, or - for standard input).
A step is asked under a new key; where its outcome is unknown the present one is closed first.`;

export const patch: Verb = (program, cli) => {
  actCommand(program, ACT, 'ask again for what is parked, with other arguments', ABOUT)
    .requiredOption('--args <json>', 'the arguments, a JSON list')
    .action((sagaId: string | undefined, target: string | undefined, options: ManyOptions & { readonly args: string }, command) => {
      const args = jsonArgument('--args', options.args);
      if (!Array.isArray(args)) throw new UsageError(`--args ${options.args}: a list is wanted, as in '[{"sku":"lamp"}]'`);
      return carryOut(cli, command, { ...ACT, values: { args } }, { sagaId, target, options });
    });
};
