import type { SagaView } from '../definition/definition.js';
import type { ErrorRecord } from '../errors/errors.js';
import type { SagaState } from './state.js';

/** What a saga's own methods see. `failure`: of the step that it is about, where the saga has not turned back. */
export function viewOf(state: SagaState, failure?: ErrorRecord): SagaView {
  const { compensation } = state;
  const turned =
    compensation && (compensation.type === 'failed' ? compensation.error : { name: compensation.type, message: compensation.type });
  const reason = turned ?? failure;
  return {
    results: Object.freeze({ ...state.results }),
    saga: { id: state.sagaId, name: state.saga, version: state.version, startedAt: state.startedAt },
    now: state.at,
    ...(reason && { reason }),
  };
}
