import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'cancel', onTarget: false, statuses: ['running', 'throttled', 'suspended'] };

export const cancel: Verb = (program, cli) => {
  actCommand(program, ACT, 'turn back, and undo what was done', 'Turns a saga back before its pivot: what was done is undone.').action(
    (sagaId: string | undefined, options: ManyOptions, command) => carryOut(cli, command, ACT, { sagaId, options }),
  );
};
