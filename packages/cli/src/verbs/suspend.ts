import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'suspend', onTarget: false, statuses: ['running', 'throttled', 'compensating'] };

export const suspend: Verb = (program, cli) => {
  actCommand(
    program,
    ACT,
    'request nothing new until resumed',
    'Holds a saga: nothing new is requested until skald resume, and its timers stand still.',
  ).action((sagaId: string | undefined, options: ManyOptions, command) => carryOut(cli, command, ACT, { sagaId, options }));
};
