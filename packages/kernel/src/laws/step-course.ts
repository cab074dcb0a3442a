/** How a step goes on, as the laws read it. */
import type { DataOf } from '../history/events.js';
import type { StepRecord } from './step-record.js';

/** A deferred step is given up no earlier than then. */
export function deferUntil(step: StepRecord, until: number, heartbeatAt: number): void {
  Object.assign(step, { deferredUntil: until, heartbeatAt, notBefore: Math.min(until, heartbeatAt) });
}

/** The attempt is over, and what is known of it is in `doubt`. */
export function rest(step: StepRecord): void {
  step.deferred = false;
  step.outcome = step.doubt ? 'unknown' : 'failed';
  // Its key is closed: the next, with other arguments, is to come at once.
  if (step.patchedIn !== undefined && step.mayOpenRound && !step.doubt) Object.assign(step, { outcome: 'waiting', notBefore: 0 });
  step.standing = step.doubt ? 'maybe' : 'nothing';
}

/** Nobody waits for its answer any more, and what was begun may stand. */
export function revoke(step: StepRecord): void {
  step.doubt = true;
  rest(step);
}

/** The saga turns back. */
export function turnBackStep(step: StepRecord): void {
  step.patchedIn = undefined;
  if (step.waits && step.outcome === 'awaited') step.outcome = 'stopped';
  else if (step.deferred || isSealing(step) || (step.child && step.outcome === 'awaited')) revoke(step);
  else if (step.outcome === 'waiting') rest(step);
}

/** Its outcome is being resolved, and what the seal will tell is not known. */
function isSealing({ outcome, seal, mayOpenRound }: StepRecord): boolean {
  return (outcome === 'awaited' && seal === 'asked') || (outcome === 'waiting' && seal === 'failed' && !mayOpenRound);
}

/** A child that an operator has terminated says nothing else under its key, ever. */
export function isOver({ child }: StepRecord, error: string): boolean {
  return child && error === 'ChildTerminated';
}

/** A child is asked once more, and not again before then. */
export function askedAgain(steps: ReadonlyMap<string, StepRecord>, { target, dueAt }: DataOf<'ChildAskedAgain'>): void {
  const step = steps.get(target.slice(target.indexOf(':') + 1));
  if (step) (target.startsWith('step:') ? step : step.undo).notBefore = dueAt;
}

/** Its participant will be heard of later; when the saga has turned back nobody waits for that. */
export function deferred(step: StepRecord, { dueAt, heartbeatAt }: DataOf<'StepDeferred'>, turnedBack: boolean): void {
  Object.assign(step, { outcome: 'awaited', deferred: true, standing: 'maybe' });
  deferUntil(step, dueAt, heartbeatAt ?? Number.POSITIVE_INFINITY);
  if (turnedBack) revoke(step);
}

/** Its compensation is through. */
export function undone(step: StepRecord, data: DataOf<'CompensationSucceeded'>): void {
  const { undo } = step;
  undo.state = 'through';
  // Only an undo that worked at the action's own fence is known to have covered a success that came meanwhile.
  undo.again = undo.crossed === 'after' || (undo.crossed === 'beside' && (!data.executed || step.ownCompensation));
  if (!undo.again) step.standing = 'nothing';
}
