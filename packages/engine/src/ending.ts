import type { Ending, SagaState } from '@skald/kernel';
import { statusOf } from '@skald/kernel';

/** How a saga ended, as it is stored, whether it comes from the store or from the decision a moment ago. */
export function endingOf(state: SagaState): Ending {
  const { end } = state;
  const output = end?.type === 'SagaCompleted' ? end.data.output : undefined;
  const reason = reasonOf(state);
  return {
    status: statusOf(state),
    ...(output !== undefined && { output: JSON.parse(JSON.stringify(output)) as unknown }),
    ...(reason !== undefined && { reason }),
  };
}

function reasonOf({ end, compensation }: SagaState): string | undefined {
  return end?.type === 'SagaTerminated' ? end.data.reason : turnedBackFor(compensation);
}

/** Why a saga has turned back, in words. */
export function turnedBackFor(compensation: SagaState['compensation']): string | undefined {
  if (compensation?.type === 'failed') return `${compensation.error.name}: ${compensation.error.message}`;
  if (compensation?.type === 'cancelled') return `cancelled: ${compensation.reason}`;
  if (compensation?.type === 'withdrawn') return 'the saga that started it has turned back';
  return compensation ? 'the deadline passed' : undefined;
}
