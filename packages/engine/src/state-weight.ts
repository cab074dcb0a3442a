import type { SagaState } from '@skald/kernel';

/** Steps that a state may have and still count for one. */
const STEPS_OF_ONE = 10;

/** For how many states this one counts where so many are kept at hand: one with ten thousand items takes as much memory as a thousand others. */
export function weightOf({ steps }: SagaState): number {
  return Math.max(1, Math.ceil(steps.size / STEPS_OF_ONE));
}
