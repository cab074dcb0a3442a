/** What becomes of an attempt that did not succeed: another attempt, a seal, a person, or the program's own judgement. */

import type { Draft } from '../decide.js';
import { backoffDelay, DEFAULT_COMPENSATION_RETRY, DEFAULT_RETRY, EXPIRED, mayRetry } from '../definition/retry.js';
import type { ErrorRecord } from '../errors/errors.js';
import { isChild, isFinalWord, isWithdrawn } from '../state/child-call.js';
import { mapOf } from '../state/map-state.js';
import { actionKey, type StepState, stepOf } from '../state/state.js';
import { sealRetry } from './requests.js';

/** Name of the error that says that the fence has forgotten keys so old. */
export const UNKNOWABLE = 'Unknowable';

/** A step's attempt failed or timed out and that is recorded. Decides on a retry. */
export function afterStepFailure(draft: Draft, step: StepState, error: ErrorRecord, kind: 'business' | 'technical' | 'refused'): void {
  const { state } = draft;
  if (state.phase !== 'running' || state.parked.has(`step:${step.id}`) || state.patches.has(step.id)) return;
  // Its map has failed, and waits only for what is in flight.
  const map = mapOf(state, step.id);
  if (map && stepOf(state, map.step).status === 'failed') return;
  const policy = step.policy?.retry ?? DEFAULT_RETRY;
  const final = error.name === UNKNOWABLE || (isChild(step) && isFinalWord(error.name)) || (kind === 'refused' && error.name !== EXPIRED);
  const outlived = error.name === EXPIRED && kind === 'refused' && step.outdated;
  if (outlived || (!final && mayRetry(policy, step.tries, error.name, kind === 'business'))) {
    const newRound = kind !== 'technical';
    const dueAt = draft.at + backoffDelay(policy, step.tries, actionKey(state, step));
    const round = newRound ? step.round + 1 : step.round;
    draft.emit('StepRetryScheduled', { step: step.id, round, attempt: newRound ? 1 : step.attempt + 1, dueAt });
  } else if (step.policy?.pivot && error.name === UNKNOWABLE) draft.emit('SagaSuspended', { target: `step:${step.id}`, error });
}

export function failSeal(draft: Draft, step: StepState, error: ErrorRecord): void {
  const policy = sealRetry(step);
  const { id, round, attempt } = step;
  if (error.name !== UNKNOWABLE && mayRetry(policy, step.sealTries, error.name, false)) {
    const retryAt = draft.at + backoffDelay(policy, step.sealTries, actionKey(draft.state, step));
    return draft.emit('StepSealFailed', { step: id, round, attempt, error, retryAt });
  }
  draft.emit('StepSealFailed', { step: id, round, attempt, error });
  draft.emit('SagaSuspended', { target: `step:${id}`, error });
}

export function failUndo(draft: Draft, step: StepState, error: ErrorRecord): void {
  const undo = step.undo;
  if (!undo) return;
  const policy = step.policy?.compensationRetry ?? DEFAULT_COMPENSATION_RETRY;
  const failed = { step: step.id, round: undo.round, attempt: undo.attempt, error };
  const final = error.name === UNKNOWABLE || (isWithdrawn(step) && isFinalWord(error.name));
  if (!final && mayRetry(policy, undo.tries, error.name, false)) {
    const retryAt = draft.at + backoffDelay(policy, undo.tries, `${actionKey(draft.state, step)}:undo`);
    return draft.emit('CompensationFailed', { ...failed, retryAt });
  }
  draft.emit('CompensationFailed', failed);
  draft.emit('SagaSuspended', { target: `compensation:${step.id}`, error });
}
