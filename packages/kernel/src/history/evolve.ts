/**
 * The fold: `evolve(state, event)` changes the state it is given, which its caller owns, and answers it.
 *
 * Invariants
 * E1  It looks at nothing but the state and the event: no clock, no definition, no user code.
 * E2  One event costs O(what it touches): n events of a saga with n steps cost O(n).
 * E3  `owed` holds exactly the commands whose outcome is awaited; `timers` exactly what may fall due.
 * E4  While undoing, `open` counts the steps that are not clear, and `undoReady` holds those whose turn has come.
 * E5  An event of a type that is not known here throws: what a newer kernel has recorded must not be passed over.
 */

import { timeoutError } from '../definition/retry.js';
import { mapOf } from '../state/map-state.js';
import { newStep } from '../state/new-step.js';
import { statusOf } from '../state/saga-status.js';
import { type SagaState, type StepState, stepOf } from '../state/state.js';
import type { DataOf, ExpressSagaEnded, SagaEnd, SagaEvent } from './events.js';
import { choiceMade, failureCaught } from './evolve-branches.js';
import { undoFailed, undoRequested, undoSucceeded } from './evolve-compensation.js';
import { taskEnded } from './evolve-deferral.js';
import { expressEnded } from './evolve-express.js';
import { countAgain, evolveMap, touchedBy } from './evolve-map.js';
import { openPatched } from './evolve-operator.js';
import { attributesSet, started } from './evolve-start.js';
import { evolveSteering, suspended } from './evolve-steering.js';
import { beginUndoing, isLeftBehind, review, undoOutOfTurn } from './evolve-undo.js';
import { waits } from './evolve-waiting-steps.js';
import { stopWaiting, takeSignal } from './evolve-waits.js';
import { policyText } from './policy-text.js';

export function evolve(state: SagaState, event: SagaEvent): SagaState {
  const before = statusOf(state);
  state.revision += 1;
  state.at = event.at;
  const touched = touchedBy(state, event);
  if (event.type === 'ExpressSagaEnded') expressEnded(state, event);
  else apply(state, event);
  if (touched) countAgain(state, touched);
  if (statusOf(state) !== before) state.since = event.at;
  return state;
}

function apply(state: SagaState, event: Exclude<SagaEvent, ExpressSagaEnded>): void {
  if (event.type === 'MapStarted' || event.type === 'MapCompleted' || event.type === 'MapFailed') return evolveMap(state, event);
  switch (event.type) {
    case 'SagaStarted':
      return started(state, event.data, event.at);
    case 'SlotGranted':
      return void Object.assign(state, { slot: 'held' });
    case 'StepRequested':
      return stepRequested(state, event.data, event.at);
    case 'StepSucceeded':
      return stepSucceeded(state, event.data);
    case 'StepFailed':
      return stepFailed(state, event.data);
    case 'StepTimedOut':
      return stepTimedOut(state, event.data);
    case 'StepRetryScheduled':
      return stepRetryScheduled(state, event.data);
    case 'StepSkipped':
      return stepSkipped(state, event.data);
    case 'StepSealRequested':
      return sealRequested(state, event.data);
    case 'StepSealed':
      return stepSealed(state, event.data);
    case 'StepSealFailed':
      return sealFailed(state, event.data);
    case 'StepFailureCaught':
      return failureCaught(state, event.data);
    case 'ChoiceMade':
      return choiceMade(state, event.data);
    case 'WithdrawnByParent':
      state.withdrawn = event.data.round;
      return;
    case 'StepDeferred':
    case 'HeartbeatReceived':
    case 'ChildAskedAgain':
    case 'TimerSet':
    case 'TimerFired':
    case 'SignalReceived':
    case 'SignalAwaited':
    case 'SignalDiscarded':
      return waits(state, event);
    case 'CompensationStarted':
      state.compensation = event.data.reason;
      return beginUndoing(state);
    case 'CompensationRequested':
      return undoRequested(state, event.data, event.at);
    case 'CompensationSucceeded':
      return undoSucceeded(state, event.data);
    case 'CompensationFailed':
      return undoFailed(state, event.data);
    case 'AttributesSet':
      return attributesSet(state, event.data);
    case 'SagaSuspended':
      return suspended(state, event.data, event.at);
    case 'OperatorIntervened':
    case 'RequestRefused':
    case 'CancelRequested':
    case 'CancelRefused':
    case 'DeadlinePassed':
      return evolveSteering(state, event);
    case 'SagaCompleted':
    case 'SagaCompensated':
    case 'SagaFailed':
    case 'SagaCancelled':
    case 'SagaTerminated':
      return ended(state, event);
    default:
      throw unknownType(event);
  }
}

/** E5. Every type that this kernel has is named above, or this does not compile. */
function unknownType(event: never): Error {
  return new Error(`events of the type ${(event as SagaEvent).type} are not known here: a newer Skald has written it`);
}

function ended(state: SagaState, event: SagaEnd): void {
  state.end = event;
  if (state.slot !== 'none') state.slotRevision = state.revision;
  if (state.parent) state.toldAt = state.revision;
  state.phase = 'ended';
  state.reopened = false;
  state.timers.clear();
  state.owed.clear();
  state.undoReady.clear();
  for (const map of state.maps.values()) map.line.length = 0;
  state.signals.clear();
  state.patches.clear();
  if (event.type === 'SagaTerminated') {
    state.parked.clear();
    state.heldSince = undefined;
    state.answers.set(event.data.request, { accepted: true, revision: state.revision });
    for (const step of state.steps.values()) if (step.status === 'waiting') stopWaiting(state, step);
  }
}

function stepRequested(state: SagaState, data: DataOf<'StepRequested'>, at: number): void {
  let step = state.steps.get(data.step);
  if (data.opens) {
    const { after, command, policyOf } = data.opens;
    const policy = data.opens.policy ?? stepOf(state, policyOf ?? '').policy;
    if (!policy) throw new Error(`history opens step ${data.step} without a policy`);
    if (policyOf === undefined) state.policies.set(policyText(policy), data.step);
    // Items come after what their map does: one list for all of them.
    const map = mapOf(state, data.step);
    const own = newStep(data.step, 'command', map ? stepOf(state, map.step).after : after, 'requested');
    step = Object.assign(own, { command, policy });
    state.steps.set(step.id, step);
    if (policy.pivot) state.pivotsOpen.add(step.id);
  }
  if (!step) throw new Error(`history requests step ${data.step} again, which was never requested`);
  if (data.round !== step.round) openPatched(state, step, data.round);
  if (step.attempt === 0) {
    step.firstRequestedAt = at;
    step.doubt = false;
    step.sealed = false;
    step.outdated = false;
    step.sealAsked = false;
  }
  state.due.delete(step.id);
  step.status = 'requested';
  step.attempt = data.attempt;
  step.asks = 1;
  step.tries += 1;
  step.sealTries = 0;
  inFlight(state, step, data.dueAt);
}

function inFlight(state: SagaState, step: StepState, dueAt: number): void {
  step.dueAt = dueAt;
  state.owed.set(`step:${step.id}`, state.revision);
  state.timers.set(`step:${step.id}`, dueAt);
}

/** No attempt of the step is in flight any more. */
function settle(state: SagaState, step: StepState): void {
  state.owed.delete(`step:${step.id}`);
  state.timers.delete(`step:${step.id}`);
  state.due.delete(step.id);
}

function stepSucceeded(state: SagaState, data: DataOf<'StepSucceeded'>): void {
  const step = stepOf(state, data.step);
  settle(state, step);
  if (data.signal !== undefined) takeSignal(state, step, data.signal);
  if (data.task) taskEnded(state, step.id, data.round, 'complete', data.result);
  step.result = data.result;
  step.compensable = step.kind === 'command' && data.compensable !== false;
  const undo = step.undo;
  if (undo) undo.crossed = data.afterUndo === undefined ? 'success' : 'after-undo';
  if (undo?.status === 'done') undo.status = 'again';
  if (isLeftBehind(state, step)) {
    step.stranded = true;
    return undoOutOfTurn(state, step);
  }
  step.status = 'succeeded';
  if (!mapOf(state, step.id)) state.results[step.id] = data.result;
  state.parked.delete(`step:${step.id}`);
  state.patches.delete(step.id);
  state.pivotsOpen.delete(step.id);
  // Also where an operator had said that it failed, and the saga has not turned back yet.
  if (step.policy?.pivot && state.phase === 'running') state.pivotPassed = true;
  if (state.phase === 'ended' || step.clear) undoOutOfTurn(state, step);
  else review(state, step);
}

function stepFailed(state: SagaState, data: DataOf<'StepFailed'>): void {
  const step = stepOf(state, data.step);
  if (data.signal !== undefined) takeSignal(state, step, data.signal);
  if (data.task) taskEnded(state, step.id, data.round, 'fail', data.error);
  step.error = data.error;
  if (data.kind !== 'technical') {
    step.doubt = false;
    step.sealed = true;
  }
  // What was rolled back did not happen, yet a copy of the command may still run under the open key: of a pivot that must be known.
  else if (data.effect === 'unknown' || step.policy?.pivot) step.doubt = true;
  stepEnded(state, step, step.doubt ? 'unknown' : 'failed');
}

function stepTimedOut(state: SagaState, data: DataOf<'StepTimedOut'>): void {
  const step = stepOf(state, data.step);
  step.error = timeoutError(step, data.heartbeat);
  stepEnded(state, step, step.kind === 'signal' ? 'failed' : 'unknown');
}

function stepEnded(state: SagaState, step: StepState, status: 'failed' | 'unknown'): void {
  if (status === 'unknown') step.doubt = true;
  else {
    state.pivotsOpen.delete(step.id);
    state.parked.delete(`step:${step.id}`);
  }
  step.status = status;
  settle(state, step);
  review(state, step);
}

function stepRetryScheduled(state: SagaState, data: DataOf<'StepRetryScheduled'>): void {
  const step = stepOf(state, data.step);
  step.status = 'backoff';
  if (data.round !== step.round) {
    step.round = data.round;
    step.attempt = 0;
  }
  if (step.policy?.pivot) state.pivotsOpen.add(step.id);
  step.dueAt = data.dueAt;
  state.timers.set(`step:${step.id}`, data.dueAt);
}

function stepSkipped(state: SagaState, data: DataOf<'StepSkipped'>): void {
  const step = state.steps.get(data.step);
  if (!step) state.steps.set(data.step, newStep(data.step, 'command', data.after, 'skipped'));
  else {
    step.status = 'skipped';
    settle(state, step);
  }
}

function sealRequested(state: SagaState, data: DataOf<'StepSealRequested'>): void {
  const step = stepOf(state, data.step);
  step.status = 'sealing';
  // Until it is told: whoever asks again does not know what the last seal found.
  step.doubt = true;
  state.due.delete(step.id);
  step.asks = 1;
  step.attempt = data.attempt;
  step.sealTries += 1;
  step.sealAsked = true;
  state.undoReady.delete(step.id);
  inFlight(state, step, data.dueAt);
}

function stepSealed(state: SagaState, data: DataOf<'StepSealed'>): void {
  const step = stepOf(state, data.step);
  step.sealed = true;
  if (!data.doubt) step.doubt = false;
  else state.patches.delete(step.id);
  state.parked.delete(`step:${step.id}`);
  stepEnded(state, step, data.doubt ? 'unknown' : 'failed');
}

function sealFailed(state: SagaState, data: DataOf<'StepSealFailed'>): void {
  const step = stepOf(state, data.step);
  settle(state, step);
  // How the step itself failed is what a program asks for.
  step.error ??= data.error;
  step.status = 'seal-backoff';
  if (data.retryAt !== undefined) state.timers.set(`step:${step.id}`, data.retryAt);
}
