import { newStep } from '../state/new-step.js';
import { type SagaState, stepOf } from '../state/state.js';
import type { DataOf } from './events.js';
import { undoItems } from './evolve-map.js';
import { undoOutOfTurn } from './evolve-undo.js';

/** The step is settled. What may stand of it is undone at once; everybody who waits for the step goes on, but for its alternative. */
export function failureCaught(state: SagaState, { step: id, error, by }: DataOf<'StepFailureCaught'>): void {
  const step = stepOf(state, id);
  step.status = 'caught';
  step.error = error;
  step.caughtBy = by;
  if (step.doubt) undoOutOfTurn(state, step);
  const map = state.maps.get(id);
  if (map) undoItems(state, map);
}

export function choiceMade(state: SagaState, { step: id, after, chosen }: DataOf<'ChoiceMade'>): void {
  state.steps.set(id, Object.assign(newStep(id, 'choice', after, 'succeeded'), { result: chosen }));
  state.results[id] = chosen;
}
