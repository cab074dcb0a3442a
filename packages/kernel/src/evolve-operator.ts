import type { OperatorIntervened } from './events.js';
import { review } from './evolve-undo.js';
import { type SagaState, type StepState, stepOf, type UndoState } from './state.js';

/** What an operator's action changes. What follows from it (a new request, say) is decided afterwards, as after any other fact. */
export function evolveOperator(state: SagaState, event: OperatorIntervened): void {
  const { action, target, request } = event.data;
  state.answers.set(request, { accepted: true, revision: state.revision });
  if (action === 'suspend') state.heldSince = event.at;
  else if (action === 'resume' || target === 'program') resume(state, event.at);
  else if (target) {
    state.parked.delete(target);
    const step = stepOf(state, target.slice(target.indexOf(':') + 1));
    if (target.startsWith('compensation:')) onCompensation(state, step, event);
    else onStep(state, step, event);
    review(state, step);
  }
}

/** Timers stood still while the saga was held. */
function resume(state: SagaState, at: number): void {
  const since = state.heldSince ?? state.parked.get('program')?.since ?? at;
  state.heldSince = undefined;
  state.parked.delete('program');
  for (const [timer, due] of state.timers) state.timers.set(timer, due + Math.max(0, at - since));
}

function onStep(state: SagaState, step: StepState, event: OperatorIntervened): void {
  switch (event.data.action) {
    case 'retry':
      step.tries = 0;
      step.sealTries = 0;
      if (state.phase !== 'running') {
        // On the way back only a seal can have been parked: its outcome is unknown still, and is sealed anew.
        step.status = 'unknown';
        return;
      }
      if (step.status === 'failed' || step.sealed) {
        step.round += 1;
        step.attempt = 0;
      }
      step.status = 'due';
      if (step.policy?.pivot) state.pivotsOpen.add(step.id);
      return;
    case 'skip':
      step.status = 'skipped';
      state.withSkips = true;
      return;
    case 'succeed':
      step.status = 'succeeded';
      step.result = event.data.result;
      state.results[step.id] = event.data.result;
      if (state.pivotsOpen.delete(step.id)) state.pivotPassed = true;
      return;
    case 'fail':
      step.status = 'failed';
      step.doubt = false;
      state.pivotsOpen.delete(step.id);
      return;
  }
}

function onCompensation(state: SagaState, step: StepState, event: OperatorIntervened): void {
  const undo = undoOf(step);
  switch (event.data.action) {
    case 'retry':
      undo.tries = 0;
      // A round that was to be opened is still to be opened.
      if (undo.status !== 'again') undo.status = 'due';
      return;
    case 'skip':
      undo.status = 'skipped';
      state.withSkips = true;
      return;
    case 'succeed':
      undo.status = 'done';
      undo.executed = true;
      return;
  }
}

function undoOf(step: StepState): UndoState {
  step.undo ??= {
    round: 0,
    attempt: 0,
    tries: 0,
    status: 'due',
    command: undefined,
    firstRequestedAt: 0,
    dueAt: 0,
    executed: false,
    crossed: undefined,
  };
  return step.undo;
}
