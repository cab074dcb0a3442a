import { isEnded, statusOf } from '../state/saga-status.js';
import type { SagaState, StepState } from '../state/state.js';
import type { DataOf, ExpressStep, SagaEvent } from './events.js';

/** What is recorded of an express saga that has ended, as its events tell it. Throws where it has not. */
export function expressSummary(state: SagaState, events: readonly SagaEvent[]): DataOf<'ExpressSagaEnded'> {
  const { sagaId, saga, version, incarnation, input, inputHash, startRequest: request, startedAt, end, compensation: reason } = state;
  const status = statusOf(state);
  if (!end || !isEnded(status)) throw new Error(`saga ${sagaId} is ${status} and has not ended`);
  const times = timesOf(events);
  return {
    ...{ sagaId, saga, version, incarnation, input, inputHash, request, startedAt },
    ...{ end: end.type, took: end.at - startedAt },
    ...(end.type === 'SagaCompleted' && end.data.output !== undefined && { output: end.data.output }),
    ...(end.type === 'SagaFailed' && { error: end.data.error }),
    ...(reason && { reason }),
    steps: [...state.steps.values()].map((step) => summaryOf(step, times.get(step.id))),
  };
}

interface Times {
  readonly from: number;
  until: number;
}

function summaryOf({ id, status, attempt, undo }: StepState, times: Times | undefined): ExpressStep {
  const undone = undo?.status === 'done';
  return { step: id, status, attempts: attempt, took: times ? times.until - times.from : 0, ...(undone && { undone }) };
}

/** From the first event of each step to the last. */
function timesOf(events: readonly SagaEvent[]): ReadonlyMap<string, Times> {
  const times = new Map<string, Times>();
  for (const { at, data } of events) {
    if (!('step' in data) || data.step === undefined) continue;
    const known = times.get(data.step);
    if (known) known.until = at;
    else times.set(data.step, { from: at, until: at });
  }
  return times;
}
