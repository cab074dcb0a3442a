/**
 * Replies, matched to what is owed.
 *
 * Invariants
 * R1  A success or a business failure matches any attempt of its round; a technical failure only the attempt in flight.
 * R2  What matches nothing is noted and recorded nowhere.
 * R3  A success is never dropped unless it is known: late, it is recorded, and what it did is undone.
 * R4  A success that is known to precede its undo at the same fence tells nothing new; any other opens a new round of the undo, once.
 */

import type { Draft } from '../decide.js';
import { EXPIRED } from '../definition/retry.js';
import { canonicalJson } from '../json.js';
import type { Outcome, ReplyMessage } from '../messages.js';
import { isChild, isWithdrawn } from '../state/child-call.js';
import { foundItDone, isInFlight, isSealing, type StepState } from '../state/state.js';
import { NOT_DEFERRABLE, recordDeferred } from './deferral.js';
import { afterStepFailure, failSeal, failUndo, UNKNOWABLE } from './failures.js';

type Of<Type extends Outcome['type']> = Extract<Outcome, { type: Type }>;

export function recordReply(draft: Draft, reply: ReplyMessage): void {
  const { state } = draft;
  const step = state.steps.get(reply.step);
  const known = state.incarnation === reply.incarnation && step?.command !== undefined && state.end?.type !== 'SagaTerminated';
  if (!step || !known) draft.note = 'stray';
  else if (reply.operation === 'compensation' || reply.purpose === 'compensation') undoReply(draft, step, reply);
  // A round opened on the word that nothing came of the one before: a success of that one says otherwise, and a person should know.
  else if (reply.round !== step.round) draft.note = reply.outcome.type === 'succeeded' && reply.round < step.round ? 'conflict' : 'stray';
  else stepReply(draft, step, reply);
}

function stepReply(draft: Draft, step: StepState, reply: ReplyMessage): void {
  const { outcome } = reply;
  switch (outcome.type) {
    case 'succeeded':
      return succeeded(draft, step, outcome);
    case 'failed':
      if (outcome.kind === 'business') return refusedOrFailed(draft, step, reply.attempt, 'business', outcome.error);
      return failedTechnically(draft, step, reply, outcome);
    case 'refused':
      // A key that was sealed in doubt is refused like any other sealed key: only the seal's own answer tells the two apart, also where that was lost.
      if (step.sealAsked || step.sealed) {
        draft.note = 'stray';
        return;
      }
      return refusedOrFailed(draft, step, reply.attempt, 'refused', {
        // Nobody asked for a seal, so that its expiry has sealed it, and this is a repeat.
        name: outcome.reason === 'undone' ? 'Refused' : EXPIRED,
        message: `the participant refused it: ${outcome.reason}`,
      });
    case 'deferred': {
      const taken = recordDeferred(draft, step, reply);
      if (taken === 'late') succeeded(draft, step, { type: 'succeeded' });
      if (taken !== 'misplaced') return;
      const error = { name: NOT_DEFERRABLE, message: 'it is to be answered later, and the step has no callback' };
      return failedTechnically(draft, step, reply, { kind: 'technical', effect: 'unknown', error });
    }
    case 'sealed':
      return sealed(draft, step, outcome);
    case 'unknowable':
      return failedTechnically(draft, step, reply, {
        kind: 'technical',
        effect: 'unknown',
        error: { name: UNKNOWABLE, message: 'the participant no longer remembers keys this old' },
      });
    case 'undone':
      draft.note = 'stray';
  }
}

function succeeded(draft: Draft, step: StepState, outcome: Of<'succeeded'>): void {
  const { undo } = step;
  const afterUndo = outcome.afterUndo;
  if (afterUndo !== undefined ? !undo || afterUndo < undo.round || undo.crossed === 'after-undo' : isKnown(step)) {
    draft.note = step.status === 'succeeded' && !sameResult(step.result, outcome.result) ? 'conflict' : 'duplicate';
    return;
  }
  const late = !isInFlight(step);
  draft.emit('StepSucceeded', {
    step: step.id,
    round: step.round,
    ...(outcome.result !== undefined && { result: outcome.result }),
    // Where the saga itself says how, what its participant could undo does not matter.
    ...(outcome.compensable === false && step.policy?.compensation === 'participant' && { compensable: false }),
    ...(late && { late: true }),
    ...(afterUndo !== undefined && { afterUndo }),
  });
}

/** Its success is on record, or its undo found it done at the same fence. */
function isKnown(step: StepState): boolean {
  return step.status === 'succeeded' || step.stranded || (step.undo?.status === 'done' && foundItDone(step.undo));
}

function sameResult(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** Known not to have happened. */
function refusedOrFailed(
  draft: Draft,
  step: StepState,
  attempt: number,
  kind: 'business' | 'refused',
  error: { readonly name: string; readonly message: string },
): void {
  const awaited = isInFlight(step) || (draft.state.phase === 'running' && step.status === 'unknown');
  if (!awaited) {
    draft.note = step.status === 'failed' ? 'duplicate' : 'stray';
    return;
  }
  draft.emit('StepFailed', { step: step.id, round: step.round, attempt, error, kind, effect: 'none' });
  afterStepFailure(draft, step, error, kind);
}

function failedTechnically(draft: Draft, step: StepState, reply: ReplyMessage, outcome: Omit<Of<'failed'>, 'type'>): void {
  const { id, round, attempt } = step;
  const isAsked = step.status === 'requested' || (step.status === 'deferred' && isChild(step));
  const operation = isAsked ? 'action' : step.status === 'sealing' ? 'seal' : undefined;
  // What a child says of itself is true whenever it was asked.
  if (reply.operation !== operation || (reply.attempt !== attempt && !isChild(step))) {
    draft.note = 'stray';
    return;
  }
  if (operation === 'seal') return failSeal(draft, step, outcome.error);
  draft.emit('StepFailed', { step: id, round, attempt, error: outcome.error, kind: 'technical', effect: outcome.effect });
  afterStepFailure(draft, step, outcome.error, 'technical');
}

function sealed(draft: Draft, step: StepState, outcome: Of<'sealed'>): void {
  if (!isSealing(step)) {
    draft.note = 'stray';
    return;
  }
  draft.emit('StepSealed', { step: step.id, round: step.round, ...(outcome.doubt && { doubt: true }) });
  if (outcome.doubt && step.policy?.pivot) {
    const error = { name: UNKNOWABLE, message: 'an interrupted run of the pivot may have had effect' };
    draft.emit('SagaSuspended', { target: `step:${step.id}`, error });
  }
}

function undoReply(draft: Draft, step: StepState, reply: ReplyMessage): void {
  const { undo } = step;
  const { outcome } = reply;
  if (!undo || reply.undoRound !== undo.round) {
    draft.note = 'stray';
    return;
  }
  const through = outcome.type === 'undone' || (reply.purpose === 'compensation' && outcome.type === 'succeeded');
  if (through) {
    if (undo.status === 'done' || undo.status === 'skipped' || undo.status === 'again') draft.note = 'duplicate';
    else
      draft.emit('CompensationSucceeded', {
        step: step.id,
        round: undo.round,
        executed: outcome.type === 'undone' ? outcome.executed : true,
      });
    return;
  }
  if (undo.status !== 'requested' || (reply.attempt !== undo.attempt && !isWithdrawn(step)) || outcome.type === 'deferred') {
    draft.note = 'stray';
    return;
  }
  failUndo(draft, step, undoError(outcome));
}

function undoError(outcome: Outcome): { readonly name: string; readonly message: string } {
  if (outcome.type === 'failed') return outcome.error;
  if (outcome.type === 'unknowable') return { name: UNKNOWABLE, message: 'the participant no longer remembers keys this old' };
  return { name: 'UnexpectedReply', message: `a compensation was answered with "${outcome.type}"` };
}
