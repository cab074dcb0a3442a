import type { SagaStatus, StepStatus } from '@skald/kernel';
import type { Style } from '../terminal/paint.js';
import type { StepFacts } from './saga-facts.js';

/** One character and a colour, the same wherever a state is shown. */
export interface Look {
  readonly mark: string;
  readonly style: Style | undefined;
}

const SAGAS = {
  running: { mark: '●', style: 'cyan' },
  throttled: { mark: '◷', style: 'cyan' },
  compensating: { mark: '↩', style: 'yellow' },
  suspended: { mark: '!', style: 'red' },
  completed: { mark: '✔', style: 'green' },
  compensated: { mark: '↩', style: 'yellow' },
  failed: { mark: '✘', style: 'red' },
  cancelled: { mark: '↩', style: 'yellow' },
  terminated: { mark: '■', style: 'magenta' },
} satisfies Record<SagaStatus, Look>;

const STEPS = {
  requested: { mark: '●', style: 'cyan' },
  backoff: { mark: '↻', style: 'yellow' },
  due: { mark: '●', style: 'cyan' },
  sealing: { mark: '?', style: 'yellow' },
  'seal-backoff': { mark: '?', style: 'yellow' },
  waiting: { mark: '◷', style: 'cyan' },
  deferred: { mark: '◷', style: 'cyan' },
  succeeded: { mark: '✔', style: 'green' },
  failed: { mark: '✘', style: 'red' },
  unknown: { mark: '?', style: 'red' },
  skipped: { mark: '–', style: 'dim' },
  caught: { mark: '⤷', style: 'yellow' },
  stopped: { mark: '■', style: 'dim' },
} satisfies Record<StepStatus, Look>;

const OTHER: Look = { mark: '·', style: undefined };

export function lookOfSaga(status: SagaStatus): Look {
  return SAGAS[status] ?? OTHER;
}

export function lookOfStep({ status, parked, compensation: undo }: Pick<StepFacts, 'status' | 'parked' | 'compensation'>): Look {
  if (parked || undo?.parked) return SAGAS.suspended;
  if (undo?.status === 'done') return { mark: '↩', style: 'yellow' };
  if (undo?.status === 'skipped') return { mark: '–', style: 'yellow' };
  if (undo) return { mark: '↻', style: 'yellow' };
  return (STEPS as Readonly<Record<string, Look>>)[status] ?? OTHER;
}
