/** Steps that ask nobody: they wait for a time, or for a signal. */

import { newStep } from '../state/new-step.js';
import { type SagaState, type StepState, stepOf } from '../state/state.js';
import type { DataOf } from './events.js';

export function timerSet(state: SagaState, data: DataOf<'TimerSet'>): void {
  const step = newStep(data.step, 'timer', data.after, 'waiting');
  step.waitsSince = state.revision;
  state.steps.set(step.id, step);
  waitUntil(state, step, data.dueAt);
}

export function timerFired(state: SagaState, data: DataOf<'TimerFired'>): void {
  const step = stepOf(state, data.step);
  step.status = 'succeeded';
  state.timers.delete(`step:${step.id}`);
}

export function signalReceived(state: SagaState, { id, name, payload }: DataOf<'SignalReceived'>): void {
  const kept = state.signals.get(name);
  if (kept) kept.push({ id, payload });
  else state.signals.set(name, [{ id, payload }]);
  state.answers.set(signalKey(name, id), { accepted: true, revision: state.revision });
}

/** Signals of two names may have one id. */
export function signalKey(name: string, id: string): string {
  return `signal/${name}/${id}`;
}

export function signalAwaited(state: SagaState, { step: id, round, after, signal, dueAt, onTimeout }: DataOf<'SignalAwaited'>): void {
  const step = state.steps.get(id) ?? newStep(id, 'signal', after, 'waiting');
  state.steps.set(id, step);
  Object.assign(step, { status: 'waiting', round, attempt: 1, signal, skipsOnTimeout: onTimeout === 'skip', waitsSince: state.revision });
  if (dueAt !== undefined) waitUntil(state, step, dueAt);
}

/** Signals are taken in the order of their arrival. */
export function takeSignal(state: SagaState, step: StepState, id: string): void {
  const kept = state.signals.get(step.signal ?? '');
  if (kept?.shift()?.id !== id) throw new Error(`history takes signal ${id} for step ${step.id} out of turn`);
  if (kept.length === 0) state.signals.delete(step.signal ?? '');
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
