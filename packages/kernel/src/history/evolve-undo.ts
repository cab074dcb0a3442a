/**
 * The order of compensation, kept by counting. A step is clear when nothing of it stands and all its dependents are clear; when its last
 * dependent becomes clear its own turn to be undone has come. So independent branches go back at the same time, and each in reverse order.
 */
import { isChild } from '../state/child-call.js';
import { freeItems, mapOf, recountAll } from '../state/map-state.js';
import { isInFlight, isSealing, needsUndo, type SagaState, type StepState } from '../state/state.js';
import { stopWaiting } from './evolve-waits.js';

export function beginUndoing(state: SagaState): void {
  state.phase = 'compensating';
  state.end = undefined;
  state.reopened = false;
  state.timers.delete('deadline');
  state.heldSince = undefined;
  state.signals.clear();
  state.patches.clear();
  state.due.clear();
  for (const target of state.parked.keys()) if (!target.startsWith('compensation:')) state.parked.delete(target);
  for (const step of state.steps.values()) {
    // Nobody waits for a seal any more: what undoes the step asks for one of its own where it needs that. What it would have told is not known.
    if (step.status === 'backoff' || step.status === 'due' || isSealing(step)) {
      step.doubt ||= isSealing(step);
      step.status = step.doubt ? 'unknown' : 'failed';
      step.sealTries = 0;
      state.owed.delete(`step:${step.id}`);
      state.timers.delete(`step:${step.id}`);
      state.pivotsOpen.delete(step.id);
    }
    if (step.status === 'waiting') stopWaiting(state, step);
    if (step.status === 'deferred' || (step.status === 'requested' && isChild(step))) revoke(state, step);
    step.blockers = 0;
    step.clear = false;
    step.outOfTurn = false;
  }
  for (const step of state.steps.values()) {
    for (const id of step.after) {
      const dependency = state.steps.get(id);
      if (dependency) dependency.blockers += 1;
    }
    if (mapOf(state, step.id)) step.blockers += 1;
  }
  state.open = state.steps.size;
  for (const map of state.maps.values()) {
    map.line.length = 0;
    recountAll(state, map);
  }
  // Items have their turn when their map has had its own.
  for (const step of [...state.steps.values()].reverse()) if (!mapOf(state, step.id)) review(state, step);
}

/** The saga turns back: a task token is worth nothing from now on, a child is not waited for, and what was begun may stand. */
export function revoke(state: SagaState, step: StepState): void {
  step.status = 'unknown';
  step.doubt = true;
  state.owed.delete(`step:${step.id}`);
  state.timers.delete(`step:${step.id}`);
  state.pivotsOpen.delete(step.id);
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
    if (!isItsTurn(state, next)) continue;
    if (needsUndo(next)) {
      if (!isToBeUndone(state, next)) continue;
      const map = mapOf(state, next.id);
      if (map) map.line.push(next.id);
      else state.undoReady.add(next.id);
      continue;
    }
    next.clear = true;
    state.open -= 1;
    state.undoReady.delete(next.id);
    if (next.outOfTurn) continue;
    const own = state.maps.get(next.id);
    if (own) for (const item of freeItems(state, own)) waiting.push(item);
    for (const id of next.after) {
      const dependency = state.steps.get(id);
      if (!dependency) continue;
      dependency.blockers -= 1;
      waiting.push(dependency);
    }
  }
}

/** Has its turn come to be undone, or to be clear? */
function isItsTurn(state: SagaState, step: StepState): boolean {
  if (state.phase !== 'compensating' && !step.outOfTurn) return false;
  return !step.clear && !isInFlight(step) && (step.blockers === 0 || step.outOfTurn);
}

/** Is the next thing about it that its undo is asked for? */
export function isToBeUndone(state: SagaState, step: StepState): boolean {
  if (!isItsTurn(state, step) || !needsUndo(step) || state.parked.has(`compensation:${step.id}`)) return false;
  const undo = step.undo?.status;
  return undo === undefined || undo === 'again' || undo === 'due';
}
