import { newStep } from '../state/new-step.js';
import type { SagaState } from '../state/state.js';
import type { DataOf, ExpressSagaEnded, SagaEnd } from './events.js';
import { initialState } from './initial-state.js';

/** All that is kept of an express saga: how it ended, and which steps it took. What they were asked and what they answered is not there. */
export function expressEnded(state: SagaState, { data, at }: ExpressSagaEnded): void {
  const { sagaId, saga, version, incarnation, input, inputHash, request, startedAt, reason } = data;
  Object.assign(state, { sagaId, saga, version, incarnation, input, inputHash, startRequest: request, startedAt });
  Object.assign(state, { phase: 'ended', isSummary: true, compensation: reason, end: endOf(data, at) });
  for (const { step: id, status, attempts, undone } of data.steps) {
    const step = Object.assign(newStep(id, 'command', [], status), { attempt: attempts, compensable: false, clear: true });
    state.steps.set(id, step);
    if (undone) state.undone = true;
  }
}

function endOf({ end: type, output, error }: DataOf<'ExpressSagaEnded'>, at: number): SagaEnd {
  if (type === 'SagaCompleted') return { type, at, data: output === undefined ? {} : { output } };
  if (type === 'SagaFailed') return { type, at, data: { error: error ?? { name: 'Error', message: 'failed' } } };
  return { type: 'SagaCompensated', at, data: {} };
}

/** A success came after the summary: the saga is taken up again, and its whole history follows. */
export function takenUpAgain(state: SagaState): void {
  const { revision, at } = state;
  Object.assign(state, initialState(), { revision, at });
}
