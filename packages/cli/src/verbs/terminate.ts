import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'terminate', onTarget: false, statuses: ['running', 'throttled', 'compensating', 'suspended'] };

export const terminate: Verb = (program, cli) => {
  actCommand(
    program,
    ACT,
    'end as it stands, undo nothing',
    'Ends a saga as it stands; nothing is undone. Where there is a way back, cancel is better.',
  ).action((sagaId: string | undefined, options: ManyOptions, command) => carryOut(cli, command, ACT, { sagaId, options }));
};
