/**
 * The order of compensation, kept by counting. A step is clear when nothing of it stands and all its dependents are clear; when its last
 * dependent becomes clear its own turn to be undone has come. So independent branches go back at the same time, and each in reverse order.
 */
import { stopWaiting } from './evolve-waits.js';
import { isInFlight, isSealing, needsUndo, type SagaState, type StepState } from './state.js';

export function beginUndoing(state: SagaState): void {
  state.phase = 'compensating';
  state.timers.delete('deadline');
  state.heldSince = undefined;
  state.signals.clear();
  state.patches.clear();
  for (const target of state.parked.keys()) if (!target.startsWith('compensation:')) state.parked.delete(target);
  for (const step of state.steps.values()) {
    // Nobody waits for a seal any more: what undoes the step asks for one of its own where it needs that.
    if (step.status === 'backoff' || step.status === 'due' || isSealing(step)) {
      step.status = step.doubt ? 'unknown' : 'failed';
      step.sealTries = 0;
      state.owed.delete(`step:${step.id}`);
      state.timers.delete(`step:${step.id}`);
      state.pivotsOpen.delete(step.id);
    }
    if (step.status === 'waiting') stopWaiting(state, step);
    step.blockers = 0;
    step.clear = false;
    step.outOfTurn = false;
  }
  for (const step of state.steps.values()) {
    for (const id of step.after) {
      const dependency = state.steps.get(id);
      if (dependency) dependency.blockers += 1;
    }
  }
  state.open = state.steps.size;
  for (const step of [...state.steps.values()].reverse()) review(state, step);
}

/** The saga went on without this step: what it did has to be undone whatever else happens. */
export function isLeftBehind(state: SagaState, step: StepState): boolean {
  if (state.phase === 'running') return step.status === 'skipped' || step.status === 'caught';
  return state.phase === 'ended' && state.end?.type === 'SagaCompleted';
}

/** A success that comes after its turn holds up nobody and waits for nobody. */
export function undoOutOfTurn(state: SagaState, step: StepState): void {
  const counted = !step.clear && (state.phase === 'compensating' || step.outOfTurn);
  if (!counted) state.open += 1;
  step.clear = false;
  step.outOfTurn = true;
  if (state.phase === 'ended') state.reopened = true;
  review(state, step);
}

/** Something of the step has changed: is its turn to be undone, is it clear, and what does that free? */
export function review(state: SagaState, step: StepState): void {
  const waiting = [step];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (state.phase !== 'compensating' && !next.outOfTurn) continue;
    if (next.clear || isInFlight(next) || (next.blockers > 0 && !next.outOfTurn)) continue;
    if (needsUndo(next)) {
      const undo = next.undo?.status;
      const parked = state.parked.has(`compensation:${next.id}`);
      if (!parked && (undo === undefined || undo === 'again' || undo === 'due')) state.undoReady.add(next.id);
      continue;
    }
    next.clear = true;
    state.open -= 1;
    state.undoReady.delete(next.id);
    if (next.outOfTurn) continue;
    for (const id of next.after) {
      const dependency = state.steps.get(id);
      if (!dependency) continue;
      dependency.blockers -= 1;
      waiting.push(dependency);
    }
  }
}
