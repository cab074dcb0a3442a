/** What an operator's action says of a step. */
import type { Chronicle } from './chronicle.js';
import type { StepRecord } from './step-record.js';

export function operatorOnStep(chronicle: Chronicle, step: StepRecord, action: string): void {
  step.deferred = false;
  if (action !== 'retry') step.patchedIn = undefined;
  if (action === 'patch') {
    step.patchedIn = step.round;
    if (step.mayOpenRound) Object.assign(step, { doubt: false, outcome: 'waiting', notBefore: 0 });
    else step.outcome = 'unknown';
  } else if (action === 'retry') {
    if (step.mayOpenRound) step.doubt = false;
    step.outcome = step.waits === 'items' ? 'awaited' : 'waiting';
    step.notBefore = 0;
  } else if (action === 'skip') {
    step.outcome = 'skipped';
    step.standing = 'left';
    chronicle.skips = true;
  } else if (action === 'succeed') {
    Object.assign(step, { outcome: 'succeeded', standing: 'effect', success: true });
    if (step.pivot && !chronicle.turnedBack) chronicle.pivotSucceeded = true;
  } else if (action === 'fail') Object.assign(step, { outcome: 'failed', standing: 'nothing', doubt: false, mayOpenRound: true });
}

export function operatorOnUndo(chronicle: Chronicle, step: StepRecord, action: string): void {
  if (action === 'retry' || action === 'patch') step.undo.notBefore = 0;
  else if (action === 'skip') {
    step.undo.state = 'skipped';
    step.standing = 'left';
    chronicle.skips = true;
  } else if (action === 'succeed') {
    step.undo.state = 'through';
    step.undo.again = false;
    step.standing = 'nothing';
  }
}
