import { isFinalWord } from '../state/child-call.js';
import { mapOf } from '../state/map-state.js';
import { isSealing, type SagaState, type StepState, stepIdOf, stepOf, type UndoState } from '../state/state.js';
import type { OperatorIntervened, Target } from './events.js';
import { deferUntil } from './evolve-deferral.js';
import { retryMap } from './evolve-map.js';
import { review } from './evolve-undo.js';
import { waitUntil } from './evolve-waits.js';

/** What an operator's action changes. What follows from it (a new request, say) is decided afterwards, as after any other fact. */
export function evolveOperator(state: SagaState, event: OperatorIntervened): void {
  const { action, target, request } = event.data;
  state.answers.set(request, { accepted: true, revision: state.revision });
  if (action === 'suspend') state.heldSince = event.at;
  else if (action === 'deadline') moveDeadline(state, event.data.dueAt);
  else if (action === 'move' && target) move(state, target, event.data.dueAt ?? event.at);
  else if (action === 'resume' || target === 'program') resume(state, event.at);
  else if (target) {
    state.parked.delete(target);
    const step = stepOf(state, stepIdOf(target));
    // A person speaks for whoever has its task token.
    if (step.status === 'deferred') state.timers.delete(target);
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
  if (stood > 0) outdate(state, ({ policy }) => state.deadlineAt !== undefined || policy?.expires === 'attempt');
  for (const [timer, due] of state.timers) {
    state.timers.set(timer, due + stood);
    if (timer === 'deadline') state.deadlineAt = due + stood;
    else postpone(state, timer, stood);
  }
}

/** Commands that were sent say the deadline before. What such a copy makes of its key is not the step's fault. */
function moveDeadline(state: SagaState, dueAt: number | undefined): void {
  const before = state.deadlineAt;
  state.deadlineAt = dueAt;
  if (dueAt === undefined) state.timers.delete('deadline');
  else state.timers.set('deadline', dueAt);
  if (before === undefined || (dueAt !== undefined && dueAt <= before)) return;
  outdate(state);
}

/** Copies of these commands that are under way say a time that is over sooner than theirs now is. */
function outdate(state: SagaState, says: (step: StepState) => boolean = () => true): void {
  for (const step of state.steps.values()) if (step.command && !step.sealed && says(step)) step.outdated = true;
}

function move(state: SagaState, target: Target, dueAt: number): void {
  const step = stepOf(state, stepIdOf(target));
  if (step.status === 'deferred') deferUntil(state, step, dueAt, step.heartbeatAt);
  else waitUntil(state, step, dueAt);
}

/** What is sent again from now on says when it counts as timed out. */
function postpone(state: SagaState, target: Target, stood: number): void {
  const step = stepOf(state, stepIdOf(target));
  const dueAt = state.timers.get(target) ?? 0;
  if (step.status === 'deferred' && target.startsWith('step:'))
    return deferUntil(state, step, step.dueAt + stood, step.heartbeatAt === undefined ? undefined : step.heartbeatAt + stood);
  if (step.status === 'waiting') step.dueAt = dueAt;
  if (!state.owed.has(target)) return;
  if (target.startsWith('step:')) step.dueAt = dueAt;
  else if (step.undo) step.undo.dueAt = dueAt;
}

/** A round that a patch opens, once the key before is closed. */
export function openPatched(state: SagaState, step: StepState, round: number): void {
  step.round = round;
  step.attempt = 0;
  patchCommand(step, state.patches.get(step.id));
  state.patches.delete(step.id);
  if (step.policy?.pivot) state.pivotsOpen.add(step.id);
}

function patchCommand(step: StepState, args: readonly unknown[] | undefined): void {
  if (step.command && args) step.command = { ...step.command, args };
}

function onStep(state: SagaState, step: StepState, event: OperatorIntervened): void {
  if (event.data.action !== 'retry') state.patches.delete(step.id);
  switch (event.data.action) {
    case 'patch':
      step.tries = 0;
      step.sealTries = 0;
      if (isClosed(step) && !isSealing(step)) {
        patchCommand(step, event.data.args);
        return newKey(state, step);
      }
      // A copy of the command may still run under the open key, with the arguments before.
      state.patches.set(step.id, event.data.args ?? []);
      step.status = 'unknown';
      return;
    case 'retry':
      if (step.kind === 'map') return retryMap(state, step);
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
      if (state.patches.has(step.id)) {
        step.status = 'unknown';
        return;
      }
      if (isClosed(step)) return newKey(state, step);
      again(state, step);
      return;
    case 'skip':
      step.status = 'skipped';
      state.withSkips = true;
      return;
    case 'succeed':
      step.status = 'succeeded';
      step.result = event.data.result;
      if (!mapOf(state, step.id)) state.results[step.id] = event.data.result;
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

/** Nothing will run (again) under its key: it is sealed, or the child has said its last word. */
function isClosed({ sealed, command, error }: StepState): boolean {
  return sealed || (command?.child !== undefined && error !== undefined && isFinalWord(error.name));
}

/** Whoever opens a new key says that nothing came of the old one. A round that was to be opened, and never was, has one of its own already. */
function newKey(state: SagaState, step: StepState): void {
  if (step.attempt > 0) step.round += 1;
  step.attempt = 0;
  step.doubt = false;
  again(state, step);
}

function again(state: SagaState, step: StepState): void {
  step.status = 'due';
  state.due.add(step.id);
  if (step.policy?.pivot) state.pivotsOpen.add(step.id);
}

function onCompensation(state: SagaState, step: StepState, event: OperatorIntervened): void {
  const undo = undoOf(step);
  switch (event.data.action) {
    case 'patch':
      if (undo.command) undo.command = { ...undo.command, args: event.data.args ?? [] };
      else undo.args = event.data.args ?? [];
      undo.tries = 0;
      if (undo.status !== 'again') undo.status = 'due';
      return;
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
    args: undefined,
    firstRequestedAt: 0,
    dueAt: 0,
    executed: false,
    crossed: undefined,
  };
  return step.undo;
}
