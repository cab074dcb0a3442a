import type { Act } from '../acting/act.js';
import type { ManyOptions } from '../acting/acting-options.js';
import { actCommand, carryOut } from '../acting/carry-out.js';
import type { Verb } from './verb.js';

const ACT: Act = { name: 'fail', onTarget: true, statuses: ['suspended'] };

export const fail: Verb = (program, cli) => {
  actCommand(
    program,
    ACT,
    'a parked pivot did not happen',
    'Says that the parked pivot, or the named step that waits for its task token, did not happen, and never will.',
  ).action((sagaId: string | undefined, target: string | undefined, options: ManyOptions, command) =>
    carryOut(cli, command, ACT, { sagaId, target, options }),
  );
};
