/**
 * A saga that was started by a step of another: what its parent asks of it, and what it answers. Its stream is the fence: it tells what became of
 * it, is begun once, and is never begun once it was to be undone.
 *
 * Invariants
 * P1  It answers to the step that started it and to no other; to anybody else it is a saga that is there already.
 * P2  Asked to undo what never was, it is begun and cancelled in one decision, so that a start that comes later finds it ended.
 * P3  A running child is cancelled and tells when it has ended; a completed one is undone in a second phase of its stream; one that is past its
 *     pivot cannot be undone, and says so.
 * P4  A detached child is nobody's any more once it has begun.
 */

import type { Draft } from '../decide.js';
import type { ErrorRecord } from '../errors/errors.js';
import type { Asked, Operation, Outcome, Reply, SagaParent } from '../messages.js';
import { CHILD_PAST_PIVOT, CHILD_TERMINATED } from '../state/child-call.js';
import { statusOf } from '../state/saga-status.js';
import type { SagaState } from '../state/state.js';
import type { TraceContext } from '../trace.js';

export function recordAsked(draft: Draft, asked: Asked): void {
  const { state } = draft;
  const isNew = state.phase === 'new';
  if (isNew) begin(draft, asked);
  else if (!isItsOwn(state, asked)) return;
  if (asked.operation === 'action') {
    if (!isNew) draft.note = 'duplicate';
  } else if (isNew) withdraw(draft, asked.by.undoRound);
  else if (asked.operation === 'compensation') undo(draft, asked.by.undoRound);
}

function begin(draft: Draft, asked: Asked): void {
  const { sagaId, saga, version, incarnation, input, inputHash, deadline, deadlineAt, trace, by } = asked;
  // What is withdrawn at once takes nobody's place.
  const limited = asked.limited && asked.operation === 'action';
  const own = deadline === undefined ? undefined : draft.at + deadline;
  const earliest = own === undefined || deadlineAt === undefined ? (own ?? deadlineAt) : Math.min(own, deadlineAt);
  draft.emit('SagaStarted', {
    ...{ sagaId, saga, version, incarnation, input, inputHash },
    request: `${by.sagaId}/${by.incarnation}/${by.step}#${by.round}`,
    ...(earliest !== undefined && { deadlineAt: earliest }),
    ...(trace && { trace }),
    ...(limited && { limited }),
    parent: {
      ...{ sagaId: by.sagaId, incarnation: by.incarnation, step: by.step, round: by.round },
      ...(by.detached && { detached: true }),
    },
  });
}

/** P1. A round of a step asks one thing, so that its input need not be compared; the hash of that may come from another key by now. */
function isItsOwn({ parent, saga: name }: SagaState, { by, saga }: Asked): boolean {
  const isSame = parent?.sagaId === by.sagaId && parent.incarnation === by.incarnation && parent.step === by.step;
  return isSame && parent.round === by.round && name === saga;
}

/** P3 */
function undo(draft: Draft, round: number): void {
  const { state } = draft;
  const isLeft = state.parent?.detached || state.pivotPassed || state.withdrawn >= round;
  const isUndone = state.phase === 'ended' && state.end?.type !== 'SagaCompleted';
  if (isLeft || isUndone) draft.note = 'duplicate';
  else withdraw(draft, round);
}

function withdraw(draft: Draft, round: number): void {
  const { state } = draft;
  draft.emit('WithdrawnByParent', { round });
  if (state.phase === 'ended') return draft.emit('CompensationStarted', { reason: { type: 'withdrawn', by: state.parent?.sagaId ?? '' } });
  if (state.phase !== 'running' || state.cancel) return;
  const request = `withdrawn/${round}`;
  draft.emit('CancelRequested', { request, reason: 'the saga that started it has turned back', by: state.parent?.sagaId ?? '' });
}

/** What it answers to what it was asked, as it stands now. */
export function answerTo(state: SagaState, asked: Asked): Reply {
  const { operation, by } = asked;
  const outcome = isItsOwn(state, asked) ? outcomeFor(state, operation) : strangers(state, operation);
  return replyTo({ ...by, trace: asked.trace }, operation, by.attempt, by.undoRound, outcome);
}

/** What it answers where its start cannot be recorded: it never begins, whatever is asked. */
export function refuseAsked({ operation, by, trace }: Omit<Asked, 'at'>, error: ErrorRecord): Reply {
  return replyTo({ ...by, trace }, operation, by.attempt, by.undoRound, unbegun(operation, error));
}

/** What its parent must be told without having asked: how it ended. Undefined while that is to come, or where it was told at revision `since`. */
export function report(state: SagaState, since = -1): Reply | undefined {
  const { parent, withdrawn } = state;
  if (!parent || parent.detached || state.toldAt <= since) return undefined;
  const operation = withdrawn > 0 ? 'compensation' : 'action';
  const outcome = outcomeFor(state, operation);
  return outcome.type === 'deferred' ? undefined : replyTo({ ...parent, trace: state.trace }, operation, 1, withdrawn, outcome);
}

function replyTo(
  { sagaId, incarnation, step, round, trace }: SagaParent & { readonly trace: TraceContext | undefined },
  operation: Operation,
  attempt: number,
  undoRound: number,
  outcome: Outcome,
): Reply {
  const purpose = operation === 'compensation' ? 'compensation' : 'step';
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome, ...(trace && { trace }) };
}

/** P1 */
function strangers({ sagaId, parent }: SagaState, operation: Operation): Outcome {
  const whose = parent ? `step ${parent.step} of saga ${parent.sagaId}` : 'somebody else';
  return unbegun(operation, { name: 'ChildExists', message: `saga ${sagaId} is there already, and was started by ${whose}` });
}

function unbegun(operation: Operation, error: ErrorRecord): Outcome {
  if (operation === 'compensation') return { type: 'undone', executed: false };
  return operation === 'seal' ? { type: 'sealed' } : { type: 'failed', kind: 'business', effect: 'none', error };
}

function outcomeFor(state: SagaState, operation: Operation): Outcome {
  if (state.parent?.detached) return detached(state, operation);
  if (operation === 'compensation') return undoOutcome(state);
  const { end, withdrawn } = state;
  if (!end) return { type: 'deferred' };
  if (end.type === 'SagaCompleted') return { type: 'succeeded', ...(end.data.output !== undefined && { result: end.data.output }) };
  if (end.type === 'SagaTerminated') {
    if (operation === 'seal') return { type: 'sealed', doubt: true };
    return { type: 'failed', kind: 'technical', effect: 'unknown', error: terminated(state) };
  }
  // Wanted no more, it never ran or is undone; else it says by itself how it failed.
  if (withdrawn >= 0) return operation === 'seal' ? { type: 'sealed' } : { type: 'refused', reason: 'undone' };
  return { type: 'failed', kind: 'business', effect: 'none', error: errorOf(state) };
}

/** P4 */
function detached({ sagaId, withdrawn }: SagaState, operation: Operation): Outcome {
  if (operation === 'compensation') return { type: 'undone', executed: false };
  if (withdrawn >= 0) return operation === 'seal' ? { type: 'sealed' } : { type: 'refused', reason: 'undone' };
  return { type: 'succeeded', result: { sagaId }, compensable: false };
}

function undoOutcome(state: SagaState): Outcome {
  const { end, pivotPassed, undone } = state;
  if (end?.type === 'SagaTerminated') return { type: 'failed', kind: 'technical', effect: 'unknown', error: terminated(state) };
  if (pivotPassed) {
    const error = { name: CHILD_PAST_PIVOT, message: `saga ${state.sagaId} is past its pivot: it cannot be undone` };
    return { type: 'failed', kind: 'technical', effect: 'none', error };
  }
  return end && end.type !== 'SagaCompleted' ? { type: 'undone', executed: undone } : { type: 'deferred' };
}

function terminated({ sagaId, end }: SagaState): ErrorRecord {
  const why = end?.type === 'SagaTerminated' ? `: ${end.data.reason}` : '';
  return { name: CHILD_TERMINATED, message: `saga ${sagaId} was terminated as it stood${why}` };
}

/** By the name of its own error, so that a retry policy of the parent can name it. */
function errorOf(state: SagaState): ErrorRecord {
  const { sagaId, compensation: reason } = state;
  const status = statusOf(state);
  if (reason?.type === 'failed') return { ...reason.error, message: `saga ${sagaId} ${status}: ${reason.error.message}` };
  const name = reason?.type === 'cancelled' ? 'ChildCancelled' : 'DeadlinePassed';
  return { name, message: `saga ${sagaId} ${status}${reason?.type === 'cancelled' ? `: ${reason.reason}` : ': its deadline passed'}` };
}
