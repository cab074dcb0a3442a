import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'retry', onTarget: true, statuses: ['suspended'] };

export const retry: Verb = (program, cli) => {
  actCommand(
    program,
    ACT,
    'ask again for what is parked',
    'Asks again for a parked step or compensation, or lets a program that threw go on.',
  ).action((sagaId: string | undefined, target: string | undefined, options: ManyOptions, command) =>
    carryOut(cli, command, ACT, { sagaId, target, options }),
  );
};
