import type { KeptSignal, SagaState, StepState } from './state.js';

/** The signal that a waiting step is to take next. */
export function oldestSignal(state: SagaState, step: StepState): KeptSignal | undefined {
  return step.signal === undefined ? undefined : state.signals.get(step.signal)?.[0];
}
