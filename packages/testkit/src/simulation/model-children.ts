/** Sagas that are started by steps of the simulated one, as participants of the model: a running one ends in its own time, and says so unasked. */
import type { ChildCall, Outcome, OwedCommand, Reply } from '@skald/kernel';
import type { Choices } from './choices.js';
import type { KeyRecord } from './model-fence.js';

interface ModelChild {
  readonly record: KeyRecord;
  /** What its parent asked last. */
  asked: OwedCommand;
  state: 'running' | 'completed' | 'failed' | 'terminated' | 'withdrawn' | 'undone';
  pivotPassed: boolean;
}

/** One step in twelve starts a saga instead. */
export function drawChild(choices: Choices): { readonly child?: ChildCall } {
  return choices.pick(12) === 11 ? { child: { version: 1 } } : {};
}

const DECLINED: Outcome = { type: 'failed', kind: 'business', error: { name: 'Declined', message: 'no' }, effect: 'none' };
const DEFERRED: Outcome = { type: 'deferred' };
const never = (name: 'ChildTerminated' | 'ChildPastPivot', effect: 'none' | 'unknown'): Outcome => ({
  ...{ type: 'failed', kind: 'technical', error: { name, message: 'there is no way back' }, effect },
});

export class ModelChildren {
  private readonly all = new Map<string, ModelChild>();

  /** What the child answers at once. */
  take(command: OwedCommand, record: KeyRecord): Outcome {
    const known = this.all.get(command.key);
    const child: ModelChild = known ?? { record, asked: command, state: 'running', pivotPassed: false };
    this.all.set(command.key, child);
    if (known) child.asked = command;
    else if (command.operation === 'action') Object.assign(record, { applied: 1, standing: 1 });
    else child.state = 'undone';
    if (command.operation === 'compensation') this.withdraw(child);
    return outcomeOf(child, command);
  }

  private withdraw(child: ModelChild): void {
    if ((child.state === 'running' || child.state === 'completed') && !child.pivotPassed) child.state = 'withdrawn';
  }

  /** A child goes on: the word of its end, where that is its end. False where none has anything to do. */
  goOn(choices: Choices, fair: boolean): Reply | boolean {
    const busy = [...this.all.values()].filter(({ state }) => state === 'running' || state === 'withdrawn');
    const child = busy[choices.pick(busy.length || 1)];
    if (!child) return false;
    const how = child.state === 'withdrawn' ? 0 : choices.weigh(child.pivotPassed ? [1] : fair ? [4, 2] : [4, 2, 1, 1]);
    if (how === 2) {
      child.pivotPassed = true;
      return true;
    }
    if (child.state === 'withdrawn') child.state = 'undone';
    else child.state = how === 1 ? 'failed' : how === 3 ? 'terminated' : 'completed';
    if (child.state === 'undone' || child.state === 'failed') child.record.standing = 0;
    return told(child);
  }
}

/** To whoever asked last, as the protocol says: of being undone, or of having acted. */
function told({ asked, ...child }: ModelChild): Reply {
  const undone = child.state === 'undone';
  const { sagaId, incarnation, step, round, undoRound } = asked;
  const operation = undone ? ('compensation' as const) : ('action' as const);
  const place = { sagaId, incarnation, step, round, attempt: 1, undoRound: undone ? undoRound : 0 };
  return {
    ...place,
    operation,
    purpose: undone ? 'compensation' : 'step',
    outcome: outcomeOf({ asked, ...child }, { ...asked, operation }),
  };
}

function outcomeOf({ state, pivotPassed }: ModelChild, { operation, step }: OwedCommand): Outcome {
  if (operation === 'compensation') {
    if (state === 'terminated') return never('ChildTerminated', 'unknown');
    if (pivotPassed) return never('ChildPastPivot', 'none');
    return state === 'failed' || state === 'undone' ? { type: 'undone', executed: state === 'undone' } : DEFERRED;
  }
  switch (state) {
    case 'running':
      return DEFERRED;
    case 'completed':
      return { type: 'succeeded', result: step };
    case 'failed':
      return DECLINED;
    case 'terminated':
      return operation === 'seal' ? { type: 'sealed', doubt: true } : never('ChildTerminated', 'unknown');
    default:
      return operation === 'seal' ? { type: 'sealed' } : { type: 'refused', reason: 'undone' };
  }
}
