import type { Draft } from './decide.js';
import type { Target } from './events.js';
import type { Answer, Cancel, Fault, Operator, OperatorAction, RefusalCode, Start } from './messages.js';
import { isHeld, isSealing, type SagaState, type StepState, statusOf, stepOf } from './state.js';

export function recordStart(draft: Draft, start: Start): void {
  const { state } = draft;
  if (state.phase !== 'new') {
    if (state.startRequest === start.request) draft.answer = { accepted: true, revision: 0 };
    else if (state.inputHash === start.inputHash) draft.answer = { accepted: true, revision: state.revision, existing: true };
    else draft.answer = refusal('saga-exists', { existing: state.inputHash, given: start.inputHash });
    return;
  }
  const { sagaId, saga, version, incarnation, input, inputHash, request, deadline } = start;
  draft.emit('SagaStarted', {
    sagaId,
    saga,
    version,
    incarnation,
    input,
    inputHash,
    request,
    ...(deadline !== undefined && { deadlineAt: draft.at + deadline }),
  });
  draft.answer = { accepted: true, revision: 0 };
}

/** The engine could not carry out a decision; a person must look. */
export function recordFault(draft: Draft, fault: Fault): void {
  const { state } = draft;
  if (state.phase === 'new' || (state.phase === 'ended' && !state.reopened) || state.parked.has('program')) return;
  draft.emit('SagaSuspended', { target: 'program', error: fault.error });
}

export function recordCancel(draft: Draft, cancel: Cancel): void {
  const { state } = draft;
  const refused = repeated(state, cancel.request) ?? refusedCancel(state);
  if (refused) {
    draft.answer = refused;
    return;
  }
  const { request, reason, by } = cancel;
  draft.emit('CancelRequested', { request, reason, by });
  draft.answer = state.answers.get(request);
}

function refusedCancel(state: SagaState): Answer | undefined {
  if (state.phase === 'new') return refusal('saga-not-found');
  if (state.phase === 'ended') return refusal('saga-ended', { status: statusOf(state) });
  if (state.phase === 'compensating' || state.cancel) return refusal('already-compensating');
  if (state.pivotPassed) return refusal('past-pivot');
  return undefined;
}

export function recordOperator(draft: Draft, operator: Operator): void {
  const { state } = draft;
  const refused = repeated(state, operator.request) ?? refusedOperator(state, operator);
  if (refused) {
    draft.answer = refused;
    return;
  }
  const { request, action, target, by, reason, result, dueAt } = operator;
  if (action === 'terminate') draft.emit('SagaTerminated', { request, by, reason });
  else {
    draft.emit('OperatorIntervened', {
      request,
      action,
      by,
      reason,
      ...(target !== undefined && { target }),
      ...(result !== undefined && { result }),
      ...(action === 'move' && dueAt !== undefined && { dueAt }),
    });
  }
  draft.answer = { accepted: true, revision: state.revision };
}

function refusedOperator(state: SagaState, { action, target, seen, dueAt }: Operator): Answer | undefined {
  if (state.phase === 'new') return refusal('saga-not-found');
  if (action === 'terminate')
    return state.phase === 'ended' && !state.reopened ? refusal('saga-ended', { status: statusOf(state) }) : undefined;
  if (state.phase === 'ended' && !state.reopened) return refusal('saga-ended', { status: statusOf(state) });
  if (action === 'suspend') return state.heldSince === undefined ? undefined : heldAlready(action);
  if (action === 'resume') return isHeld(state) ? undefined : refusal('not-parked', { target: 'the saga' });
  return action === 'move' ? refusedMove(state, target, dueAt) : refusedTarget(state, action, target, seen);
}

/** While the saga is held its timers stand still: when a moved one would go on nobody could say. */
function refusedMove(state: SagaState, target: Target | undefined, dueAt: number | undefined): Answer | undefined {
  const waits = target?.startsWith('step:') && state.timers.has(target) && stepOf(state, target.slice('step:'.length)).status === 'waiting';
  const refuse = (why: string, possible: string) =>
    refusal('action-not-possible', { target: target ?? 'nothing', action: 'move', why, possible });
  if (!waits) return refuse('it waits for no time', 'none');
  if (isHeld(state)) return refuse('timers stand still while the saga is suspended', 'resume');
  return dueAt !== undefined && Number.isSafeInteger(dueAt) ? undefined : refuse('no time is named', 'move with a time');
}

function heldAlready(action: OperatorAction): Answer {
  return refusal('action-not-possible', { target: 'the saga', action, why: 'it is suspended already', possible: 'resume' });
}

function refusedTarget(state: SagaState, action: OperatorAction, target: Target | undefined, seen: number | undefined): Answer | undefined {
  const parked = target && state.parked.get(target);
  if (!target || !parked) return refusal('not-parked', { target: target ?? 'nothing' });
  if (seen !== undefined && seen !== parked.revision) return refusal('target-moved', { target });
  const possible = possibleActions(state, target);
  if (possible.includes(action)) return undefined;
  return refusal('action-not-possible', { target, action, why: 'it does not fit what is parked', possible: possible.join(', ') });
}

/** What a person can do about something that is parked. */
export function possibleActions(state: SagaState, target: Target): readonly OperatorAction[] {
  if (target === 'program') return ['retry', 'resume'];
  if (target.startsWith('compensation:')) return ['retry', 'skip', 'succeed'];
  const step: StepState | undefined = state.steps.get(target.slice('step:'.length));
  if (step?.policy?.pivot) return ['retry', 'succeed', 'fail'];
  // The saga waits to know whether it goes on without the step.
  return step && isSealing(step) && state.phase === 'running' ? ['retry', 'skip', 'succeed', 'fail'] : ['retry', 'skip', 'succeed'];
}

function repeated(state: SagaState, request: string): Answer | undefined {
  return state.answers.get(request);
}

function refusal(code: RefusalCode, details?: Readonly<Record<string, string>>): Answer {
  return { accepted: false, code, ...(details && { details }) };
}
