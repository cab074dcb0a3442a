/** "I have it; the answer comes later": a step that waits for its task token, which may come before that word, or never. */

import type { Draft } from '../decide.js';
import type { Target } from '../history/events.js';
import type { ReplyMessage } from '../messages.js';
import { isChild, pause } from '../state/child-call.js';
import { isSealing, type SagaState, type StepState } from '../state/state.js';
import { taskKey } from '../state/task-end.js';

/** Name of the error of a participant that answers later where nobody waits for that. */
export const NOT_DEFERRABLE = 'NotDeferrable';

/**
 * What a step makes of it: it waits for its token; it is undone, since the saga has gone on without it and what was begun stands (`late`); nothing,
 * since it is known, or a seal will tell (`noted`); or it is a mistake, since the step has no callback (`misplaced`).
 */
export function recordDeferred(draft: Draft, step: StepState, reply: ReplyMessage): 'deferred' | 'late' | 'noted' | 'misplaced' {
  const callback = step.policy?.callback;
  const { id, round, attempt } = step;
  if (step.deferredRound === round || draft.state.tasks.has(taskKey(id, round)) || reply.operation !== 'action') {
    draft.note = 'duplicate';
    return 'noted';
  }
  if (isChild(step)) return recordChildDeferred(draft, step);
  if (!callback) return 'misplaced';
  if (mayWait(draft.state, step)) {
    const { timeout, heartbeat } = callback;
    const heartbeatAt = heartbeat === undefined ? {} : { heartbeatAt: draft.at + heartbeat };
    draft.emit('StepDeferred', { step: id, round, attempt, dueAt: draft.at + timeout, ...heartbeatAt });
    return 'deferred';
  }
  // What is unknown a seal will tell, and what a person said of a pivot holds.
  const isOpen = isSealing(step) || (draft.state.phase === 'running' && (step.status === 'unknown' || step.policy?.pivot));
  if (!isOpen) return 'late';
  draft.note = 'stray';
  return 'noted';
}

/** It has begun, and what becomes of it is told when it has ended. When the saga has turned back, what undoes it finds it. */
function recordChildDeferred(draft: Draft, step: StepState): 'deferred' | 'noted' {
  const { id, round, attempt } = step;
  if (step.status === 'requested') {
    draft.emit('StepDeferred', { step: id, round, attempt, dueAt: draft.at + pause(step.policy?.timeout ?? 0, step.asks) });
    return 'deferred';
  }
  draft.note = 'stray';
  return 'noted';
}

/** A child is never given up for not being heard of: it is asked again. */
export function askChildAgain(draft: Draft, step: StepState, target: Target): void {
  const { timeout = 0, compensationTimeout = 0 } = step.policy ?? {};
  const first = target.startsWith('step:') ? timeout : compensationTimeout;
  draft.emit('ChildAskedAgain', { target, dueAt: draft.at + pause(first, step.asks + 1) });
}

function mayWait({ phase }: SagaState, { status, sealed, policy }: StepState): boolean {
  if (status === 'requested' || status === 'backoff' || status === 'due') return true;
  // It was given up a moment ago, and nothing has come of that.
  return phase === 'running' && !sealed && !policy?.pivot && (status === 'failed' || status === 'unknown');
}

/** Its outcome is unknown from now on; it is not tried again under a key that somebody else may still be working on. */
export function deferredTooLong(draft: Draft, { id: step, round, attempt, dueAt, heartbeatAt }: StepState): void {
  const missed = heartbeatAt !== undefined && heartbeatAt < dueAt;
  draft.emit('StepTimedOut', { step, round, attempt, ...(missed && { heartbeat: true }) });
}
