import type { OperatorIntervened, Target } from './events.js';
import { review } from './evolve-undo.js';
import { waitUntil } from './evolve-waits.js';
import { isSealing, type SagaState, type StepState, stepOf, type UndoState } from './state.js';

/** What an operator's action changes. What follows from it (a new request, say) is decided afterwards, as after any other fact. */
export function evolveOperator(state: SagaState, event: OperatorIntervened): void {
  const { action, target, request } = event.data;
  state.answers.set(request, { accepted: true, revision: state.revision });
  if (action === 'suspend') state.heldSince = event.at;
  else if (action === 'move' && target) move(state, target, event.data.dueAt ?? event.at);
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
  const since = Math.min(state.heldSince ?? at, state.parked.get('program')?.since ?? at);
  const stood = Math.max(0, at - since);
  state.heldSince = undefined;
  state.parked.delete('program');
  for (const [timer, due] of state.timers) {
    state.timers.set(timer, due + stood);
    if (timer === 'deadline') state.deadlineAt = due + stood;
    else postpone(state, timer, due + stood);
  }
}

function move(state: SagaState, target: Target, dueAt: number): void {
  waitUntil(state, stepOf(state, target.slice(target.indexOf(':') + 1)), dueAt);
}

/** What is sent again from now on says when it counts as timed out. */
function postpone(state: SagaState, target: Target, dueAt: number): void {
  const step = stepOf(state, target.slice(target.indexOf(':') + 1));
  if (step.status === 'waiting') step.dueAt = dueAt;
  if (!state.owed.has(target)) return;
  if (target.startsWith('step:')) step.dueAt = dueAt;
  else if (step.undo) step.undo.dueAt = dueAt;
}

function onStep(state: SagaState, step: StepState, event: OperatorIntervened): void {
  switch (event.data.action) {
    case 'retry':
      step.tries = 0;
      step.sealTries = 0;
      if (step.kind === 'signal') {
        step.round += 1;
        step.status = 'due';
        return;
      }
      if (isSealing(step)) {
        // The key may be sealed by now, and its outcome in doubt: only another seal can tell.
        step.status = 'unknown';
        return;
      }
      if (step.sealed) {
        // Whoever opens a new key says that nothing came of the old one.
        step.round += 1;
        step.attempt = 0;
        step.doubt = false;
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
      step.sealed = true;
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
