import type { Draft } from '../decide.js';
import { TIMEOUT, timeoutError } from '../definition/retry.js';
import { isChild, isWithdrawn } from '../state/child-call.js';
import { isHeld, type StepState, stepIdOf, stepOf, type Timer } from '../state/state.js';
import { askChildAgain, deferredTooLong } from './deferral.js';
import { afterStepFailure, failSeal, failUndo } from './failures.js';
import { requestSeal, requestStep, requestUndo } from './requests.js';

/** So many at once at most: a decision is one write. What is left is due still, and the saga is woken again. */
const MOST_DUE = 100;

/** Everything that is due by now, the earliest first. Nothing due, nothing recorded: a wake may come twice, early or late. */
export function recordDue(draft: Draft): void {
  const { state, at } = draft;
  if (isHeld(state)) return;
  const due = [...state.timers]
    .filter(([, time]) => time <= at)
    .sort(([, a], [, b]) => a - b)
    .slice(0, MOST_DUE);
  for (const [timer, time] of due) if (state.timers.get(timer) === time) fire(draft, timer);
}

function fire(draft: Draft, timer: Timer): void {
  const { state } = draft;
  if (timer === 'deadline') return draft.emit('DeadlinePassed', { pastPivot: state.pivotPassed });
  const step = stepOf(state, stepIdOf(timer));
  if (timer.startsWith('compensation:')) fireUndo(draft, step);
  else fireStep(draft, step);
}

function fireStep(draft: Draft, step: StepState): void {
  if (isChild(step) && (step.status === 'requested' || step.status === 'deferred' || step.status === 'sealing'))
    return askChildAgain(draft, step, `step:${step.id}`);
  const { id, round, attempt } = step;
  switch (step.status) {
    case 'requested': {
      draft.emit('StepTimedOut', { step: id, round, attempt });
      return afterStepFailure(draft, step, timeoutError(step), 'technical');
    }
    case 'deferred':
      return deferredTooLong(draft, step);
    case 'backoff':
      // The deadline fell due in the same wake: the pivot is not tried again, its end is decided next.
      if (draft.state.deadlinePassed && !draft.state.pivotPassed && step.policy?.pivot && draft.state.pivotsOpen.size === 1) return;
      return requestStep(draft, step);
    case 'waiting':
      if (step.kind === 'timer') return draft.emit('TimerFired', { step: id });
      if (step.skipsOnTimeout) return draft.emit('StepSkipped', { step: id, after: step.after, reason: 'timeout' });
      return draft.emit('StepTimedOut', { step: id, round, attempt });
    case 'sealing':
      return failSeal(draft, step, timeoutError(step));
    case 'seal-backoff':
      return requestSeal(draft, step);
  }
}

function fireUndo(draft: Draft, step: StepState): void {
  if (isWithdrawn(step) && step.undo?.status === 'requested') return askChildAgain(draft, step, `compensation:${step.id}`);
  if (step.undo?.status === 'requested') {
    failUndo(draft, step, { name: TIMEOUT, message: `no answer within ${step.policy?.compensationTimeout} ms` });
  } else if (step.undo?.status === 'backoff') requestUndo(draft, step);
}
