/**
 * A failure that the saga's program handles.
 *
 * Invariants
 * C1  A failure is caught only where the step is known never to run again: its key is closed, by its own outcome, by a seal or by a person.
 * C2  What may stand of it all the same (an interrupted run) is undone, and nothing begins in its place before that is through.
 */
import type { Draft } from '../decide.js';
import type { Directive } from '../program.js';
import { isAtRest } from '../state/map-state.js';
import { needsUndo, type SagaState, type StepState, stepOf } from '../state/state.js';
import { requestSeal } from './requests.js';

/** Will it never run (again)? Where it only waits, nobody else has a part in it. */
export function isResolved(step: StepState): boolean {
  return step.command === undefined || step.sealed;
}

/** May a step begin in the place of this one, whose failure was caught? */
export function isOutOfTheWay(state: SagaState, step: StepState): boolean {
  const map = state.maps.get(step.id);
  return step.status === 'caught' && (map ? isAtRest(map) : !needsUndo(step));
}

/** Asks for the outcome of a step that has ended without one, or to see that it never runs. */
export function resolve(draft: Draft, step: StepState): void {
  if (hasFailed(step) && !isResolved(step) && !draft.state.parked.has(`step:${step.id}`)) requestSeal(draft, step);
}

export function catchFailure(draft: Draft, { step: id, error, by }: Extract<Directive, { do: 'catch' }>): void {
  const step = stepOf(draft.state, id);
  if (!hasFailed(step) || draft.state.parked.has(`step:${id}`)) return;
  if (!isResolved(step)) return resolve(draft, step);
  draft.emit('StepFailureCaught', { step: id, error, ...(by !== undefined && { by }) });
}

function hasFailed({ status }: StepState): boolean {
  return status === 'failed' || status === 'unknown';
}
