/** What the step graph makes of a step's failure: an alternative, nothing at all where the step is optional, or the way back. */
import { isResolved } from '../deciding/catching.js';
import type { StepDefinition } from '../definition/definition.js';
import type { Directive } from '../program.js';
import { viewOf } from '../state/saga-view.js';
import type { SagaState, StepState } from '../state/state.js';

/** Alternatives by the step that they stand in for, in the order of their definition. */
export type Alternatives = ReadonlyMap<string, readonly StepDefinition[]>;

export function alternativesOf(steps: readonly StepDefinition[]): Alternatives {
  const alternatives = new Map<string, StepDefinition[]>();
  for (const step of steps) {
    if (step.instead === undefined) continue;
    const same = alternatives.get(step.instead);
    if (same) same.push(step);
    else alternatives.set(step.instead, [step]);
  }
  return alternatives;
}

/** How it stands is asked for first: it may have succeeded, or failed in another way than by not answering. */
export function onFailure(step: StepDefinition, current: StepState, alternatives: Alternatives, state: SagaState): Directive {
  const { id, optional } = step;
  const others = alternatives.get(id) ?? [];
  const error = current.error ?? { name: 'Error', message: 'failed' };
  const isAsked = others.length > 0 || optional || (current.status === 'unknown' && step.kind === 'command' && step.onUnknown === 'probe');
  if (isAsked && !isResolved(current)) return { do: 'resolve', step: id };
  const view = viewOf(state, error);
  const by = others.find(({ on, when }) => names(on, error.name) && (!when || when(state.input, view)));
  if (by) return { do: 'catch', step: id, error, by: by.id };
  const isDispensable = optional === true || (optional && names(optional, error.name));
  return isDispensable ? { do: 'catch', step: id, error } : { do: 'fail', step: id, error };
}

function names(on: readonly string[] | undefined, error: string): boolean {
  return on === undefined || on.includes(error);
}

/** Why an alternative is not needed; undefined where it is the one to run. */
export function whyNotInstead(id: string, origin: StepState): string | undefined {
  if (origin.status !== 'caught') return `${origin.id} ${origin.status === 'skipped' ? 'was skipped' : 'succeeded'}`;
  if (origin.caughtBy === id) return undefined;
  return origin.caughtBy === undefined ? `the saga goes on without ${origin.id}` : `${origin.caughtBy} stands in for ${origin.id}`;
}
