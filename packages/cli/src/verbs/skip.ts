import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'skip', onTarget: true, statuses: ['suspended'] };

export const skip: Verb = (program, cli) => {
  actCommand(
    program,
    ACT,
    'go on without what is parked',
    'Goes on as if the parked step or compensation were settled; what it did, if anything, stays.',
  ).action((sagaId: string | undefined, target: string | undefined, options: ManyOptions, command) =>
    carryOut(cli, command, ACT, { sagaId, target, options }),
  );
};
