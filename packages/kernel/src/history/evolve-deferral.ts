/** Steps whose outcome comes by a task token, later and from somebody else. */
import { isChild } from '../state/child-call.js';
import { type SagaState, type StepState, stepIdOf, stepOf } from '../state/state.js';
import { taskKey } from '../state/task-end.js';
import type { DataOf } from './events.js';
import { review, revoke } from './evolve-undo.js';

export function stepDeferred(state: SagaState, { step: id, dueAt, heartbeatAt }: DataOf<'StepDeferred'>): void {
  const step = stepOf(state, id);
  // A child is asked again at every start of its parent's owner, and so is never forgotten.
  if (!isChild(step)) state.owed.delete(`step:${id}`);
  state.parked.delete(`step:${id}`);
  state.due.delete(id);
  step.status = 'deferred';
  step.deferredRound = step.round;
  step.waitsSince = state.revision;
  deferUntil(state, step, dueAt, heartbeatAt);
  if (state.phase === 'running') return;
  revoke(state, step);
  review(state, step);
}

export function heartbeatReceived(state: SagaState, { step: id, heartbeatAt }: DataOf<'HeartbeatReceived'>): void {
  const step = stepOf(state, id);
  deferUntil(state, step, step.dueAt, heartbeatAt);
}

/** Whichever comes first: the end of its time, or a missed heartbeat. */
export function deferUntil(state: SagaState, step: StepState, dueAt: number, heartbeatAt: number | undefined): void {
  step.dueAt = dueAt;
  step.heartbeatAt = heartbeatAt;
  state.timers.set(`step:${step.id}`, Math.min(dueAt, heartbeatAt ?? dueAt));
}

/** The same question once more. */
export function childAskedAgain(state: SagaState, { target, dueAt }: DataOf<'ChildAskedAgain'>): void {
  const step = stepOf(state, stepIdOf(target));
  step.asks += 1;
  state.owed.set(target, state.revision);
  state.timers.set(target, dueAt);
  if (target.startsWith('step:')) step.dueAt = dueAt;
  else if (step.undo) step.undo.dueAt = dueAt;
}

/** A token has been used. */
export function taskEnded(state: SagaState, id: string, round: number, action: 'complete' | 'fail', value: unknown): void {
  state.tasks.set(taskKey(id, round), { action, value, revision: state.revision });
}
