/** Steps that ask nobody: they wait for a time. */
import type { DataOf } from './events.js';
import { newStep, type SagaState, type StepState, stepOf } from './state.js';

export function timerSet(state: SagaState, data: DataOf<'TimerSet'>): void {
  const step = newStep(data.step, 'timer', data.after, 'waiting');
  state.steps.set(step.id, step);
  waitUntil(state, step, data.dueAt);
}

export function timerFired(state: SagaState, data: DataOf<'TimerFired'>): void {
  const step = stepOf(state, data.step);
  step.status = 'succeeded';
  state.timers.delete(`step:${step.id}`);
}

export function waitUntil(state: SagaState, step: StepState, dueAt: number): void {
  step.dueAt = dueAt;
  state.timers.set(`step:${step.id}`, dueAt);
}

/** The saga turns back: nothing is waited for any more. */
export function stopWaiting(state: SagaState, step: StepState): void {
  step.status = 'stopped';
  state.timers.delete(`step:${step.id}`);
}
