import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import { comingMomentOf } from '../terminal/moments.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'deadline', onTarget: false, statuses: ['running', 'throttled', 'suspended'] };
const ABOUT = 'Gives a saga another deadline, before the one it has has passed; with --until never none any more.';

export const deadline: Verb = (program, cli) => {
  actCommand(program, ACT, 'give a saga more time, or less', ABOUT)
    .requiredOption('--until <time>', 'now, never, in a time (2h), or a date (2026-11-24T09:45, UTC)')
    .action((sagaId: string | undefined, options: ManyOptions & { readonly until: string }, command) => {
      const until = options.until === 'never' ? undefined : comingMomentOf('--until', options.until, Date.now());
      return carryOut(cli, command, { ...ACT, values: until === undefined ? {} : { until } }, { sagaId, options });
    });
};
