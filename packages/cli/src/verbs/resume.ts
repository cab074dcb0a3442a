import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'resume', onTarget: false, statuses: ['suspended'] };

export const resume: Verb = (program, cli) => {
  actCommand(program, ACT, 'go on', 'Lets a saga go on that an operator holds, or whose program threw.').action(
    (sagaId: string | undefined, options: ManyOptions, command) => carryOut(cli, command, ACT, { sagaId, options }),
  );
};
