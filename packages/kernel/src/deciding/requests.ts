import type { Draft } from '../decide.js';
import { DEFAULT_COMPENSATION_RETRY } from '../definition/retry.js';
import type { RecordedCommand } from '../history/events.js';
import { policyText } from '../history/policy-text.js';
import type { Directive } from '../program.js';
import type { StepState } from '../state/state.js';

/** The first attempt of a step. */
export function openStep(draft: Draft, { step, after, policy, command: asked }: Extract<Directive, { do: 'request' }>): void {
  const policyOf = draft.state.policies.get(policyText(policy));
  const command = recorded(asked);
  draft.emit('StepRequested', {
    step,
    round: 1,
    attempt: 1,
    dueAt: draft.at + policy.timeout,
    opens: policyOf === undefined ? { after, command, policy } : { after, command, policyOf },
  });
}

export function recorded({ participant, action, args, child }: RecordedCommand): RecordedCommand {
  return { participant, action, args, ...(child && { child }) };
}

/** The next attempt of a step that has been requested before. */
export function requestStep(draft: Draft, step: StepState): void {
  draft.emit('StepRequested', {
    step: step.id,
    round: step.round,
    attempt: step.attempt + 1,
    dueAt: draft.at + (step.policy?.timeout ?? 0),
  });
}

/** The key of the round before is closed, and an operator has other arguments for the next. */
export function requestPatched(draft: Draft, step: StepState): void {
  draft.emit('StepRequested', { step: step.id, round: step.round + 1, attempt: 1, dueAt: draft.at + (step.policy?.timeout ?? 0) });
}

/** Asks the participant to tell the outcome, or to see that the action never runs. */
export function requestSeal(draft: Draft, step: StepState): void {
  const dueAt = draft.at + (step.policy?.timeout ?? 0);
  draft.emit('StepSealRequested', { step: step.id, round: step.round, attempt: step.attempt + 1, dueAt });
}

/** The next attempt of a compensation; the first of a new round where the one before is through. */
export function requestUndo(draft: Draft, step: StepState, command?: RecordedCommand): void {
  const undo = step.undo;
  const newRound = undo === undefined || undo.round === 0 || undo.status === 'again';
  draft.emit('CompensationRequested', {
    step: step.id,
    round: newRound ? (undo?.round ?? 0) + 1 : undo.round,
    attempt: newRound ? 1 : undo.attempt + 1,
    dueAt: draft.at + (step.policy?.compensationTimeout ?? 0),
    ...(command && { command }),
  });
}

/** Seals are retried as compensations are: they must not give up quietly either. */
export function sealRetry(step: StepState) {
  return step.policy?.compensationRetry ?? DEFAULT_COMPENSATION_RETRY;
}
