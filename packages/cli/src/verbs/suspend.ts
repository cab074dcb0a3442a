import type { Act } from '../act.js';
import type { ManyOptions } from '../acting-options.js';
import { actCommand, carryOut } from '../carry-out.js';
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
