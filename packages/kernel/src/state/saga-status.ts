import { isThrottled } from '../deciding/slots.js';
import type { SagaEnd } from '../history/events.js';
import type { SagaState } from './state.js';

export type SagaStatus =
  | 'running'
  | 'throttled'
  | 'compensating'
  | 'suspended'
  | 'completed'
  | 'compensated'
  | 'failed'
  | 'cancelled'
  | 'terminated';

const END_STATUS: Readonly<Record<SagaEnd['type'], SagaStatus>> = {
  SagaCompleted: 'completed',
  SagaCompensated: 'compensated',
  SagaFailed: 'failed',
  SagaCancelled: 'cancelled',
  SagaTerminated: 'terminated',
};

/** Where a saga stands, as lists and people see it. */
export function statusOf(state: SagaState): SagaStatus {
  if (state.parked.size > 0 || state.heldSince !== undefined) return 'suspended';
  if (state.reopened) return 'compensating';
  if (state.end) return END_STATUS[state.end.type];
  if (state.phase === 'compensating') return 'compensating';
  return isThrottled(state) ? 'throttled' : 'running';
}

export function isEnded(status: SagaStatus): boolean {
  return status !== 'running' && status !== 'throttled' && status !== 'compensating' && status !== 'suspended';
}
