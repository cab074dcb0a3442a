import { nextDue, type SagaState, type SagaSummary, statusOf } from '@skald/kernel';

/** What the index shall say of a saga. */
export function summarize(state: SagaState): SagaSummary {
  const status = statusOf(state);
  return {
    sagaId: state.sagaId,
    saga: state.saga,
    version: state.version,
    status,
    startedAt: state.startedAt,
    since: state.at,
    dueAt: nextDue(state),
    owes: state.owed.size > 0,
    error: errorOf(state),
  };
}

function errorOf(state: SagaState): string | undefined {
  for (const parked of state.parked.values()) return `${parked.error.name}: ${parked.error.message}`;
  const reason = state.compensation;
  if (reason?.type === 'failed') return `${reason.error.name}: ${reason.error.message}`;
  if (reason?.type === 'cancelled') return `cancelled: ${reason.reason}`;
  return reason ? 'the deadline passed' : undefined;
}

/**
 * Must the index be told? It may keep a `dueAt` that is too early (the saga is woken once for nothing and then says better), so that most
 * events of most sagas cost it nothing. `exact`: the saga was just woken.
 */
export function differs(before: SagaSummary | undefined, now: SagaSummary, exact: boolean): boolean {
  if (!before || before.status !== now.status || before.owes !== now.owes || before.error !== now.error) return true;
  if (now.dueAt === before.dueAt) return false;
  return exact || (now.dueAt !== undefined && (before.dueAt === undefined || now.dueAt < before.dueAt));
}
