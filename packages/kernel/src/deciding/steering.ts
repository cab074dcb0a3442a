import type { Draft } from '../decide.js';
import type { ErrorCode } from '../errors/errors.js';
import type { Answer, Cancel, Fault, Operator, Start } from '../messages.js';
import type { SagaState } from '../state/state.js';
import { refusal, refusedCancel, refusedOperator } from '../steering/possible-actions.js';

type Refused = Extract<Answer, { readonly accepted: false }>;

export function recordStart(draft: Draft, start: Start): void {
  const { state } = draft;
  if (state.phase !== 'new') {
    if (state.startRequest === start.request) draft.answer = { accepted: true, revision: 0 };
    else if (state.inputHash === start.inputHash) draft.answer = { accepted: true, revision: state.revision, existing: true };
    else draft.answer = refusal('saga-exists', { existing: state.inputHash, given: start.inputHash });
    return;
  }
  const { sagaId, saga, version, incarnation, input, inputHash, request, deadline, again, trace, limited } = start;
  draft.emit('SagaStarted', {
    sagaId,
    saga,
    version,
    incarnation,
    input,
    inputHash,
    request,
    ...(deadline !== undefined && { deadlineAt: draft.at + deadline }),
    ...(again && { again }),
    ...(trace && { trace }),
    ...(limited && { limited }),
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

export function recordOperator(draft: Draft, operator: Operator): void {
  const { state } = draft;
  const known = repeated(state, operator.request);
  const refused = known ?? refusedOperator(state, operator);
  if (refused) {
    if (!known && !refused.accepted) recordRefusal(draft, operator, refused);
    draft.answer = refused;
    return;
  }
  const { request, action, target, by, reason, result, dueAt, args } = operator;
  if (action === 'terminate') draft.emit('SagaTerminated', { request, by, reason });
  else {
    draft.emit('OperatorIntervened', {
      request,
      action,
      by,
      reason,
      ...(target !== undefined && { target }),
      ...(result !== undefined && { result }),
      ...((action === 'move' || action === 'deadline') && dueAt !== undefined && { dueAt }),
      ...(action === 'patch' && { args: args ?? [] }),
    });
  }
  draft.answer = { accepted: true, revision: state.revision };
}

/** What could be answered otherwise later: only then must the first answer be remembered, so that no repeat of the request is accepted. */
const MAY_CHANGE: readonly ErrorCode[] = ['not-parked', 'action-not-possible'];
/** Refusals on record of one saga; more are not remembered, so that nobody can fill a saga without end. */
const MOST_REFUSALS = 1_000;

function recordRefusal(draft: Draft, { request, action, target, by, reason }: Operator, { code, details }: Refused): void {
  const { state } = draft;
  const mayChange = MAY_CHANGE.includes(code) || (code === 'saga-ended' && mayReopen(state));
  if (!mayChange || state.refusals >= MOST_REFUSALS) return;
  draft.emit('RequestRefused', { request, action, ...(target !== undefined && { target }), by, reason, code, ...(details && { details }) });
}

/** A success that comes late opens it for operators once more. */
function mayReopen({ end, isSummary }: SagaState): boolean {
  return end?.type !== 'SagaTerminated' && !isSummary;
}

function repeated(state: SagaState, request: string): Answer | undefined {
  return state.answers.get(request);
}
