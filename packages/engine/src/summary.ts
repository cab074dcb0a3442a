import { type ErrorCode, type ErrorRecord, nextDue, type SagaState, type SagaSummary, statusOf } from '@skald/kernel';
import { turnedBackFor } from './ending.js';

/** Name of the error for which a saga waits for a version. */
export const NOT_DEPLOYED: ErrorCode = 'version-not-deployed';

/** What the index shall say of a saga. */
export function summarize(state: SagaState): SagaSummary {
  const status = statusOf(state);
  return {
    sagaId: state.sagaId,
    saga: state.saga,
    version: state.version,
    status,
    startedAt: state.startedAt,
    since: state.since,
    dueAt: nextDue(state),
    owes: state.owed.size > 0,
    error: errorOf(state),
    ...(state.attributes && { attributes: state.attributes }),
  };
}

function errorOf(state: SagaState): string | undefined {
  const [first, ...others] = [...state.parked.values()].map(({ error }) => error);
  // What waits for a version and not for a person must be found by the index alone.
  const shown = others.find(isNotDeployed) ?? first;
  if (shown) return `${shown.name}: ${shown.message}`;
  return turnedBackFor(state.compensation);
}

/** Is this why a saga waits for a version to be deployed? */
export function isNotDeployed({ name }: Pick<ErrorRecord, 'name'>): boolean {
  return name === NOT_DEPLOYED;
}

/**
 * Must the index be told? It may keep a `dueAt` that is too early (the saga is woken once for nothing and then says better), so that most
 * events of most sagas cost it nothing. `exact`: the saga was just woken.
 */
export function differs(before: SagaSummary | undefined, now: SagaSummary, exact: boolean): boolean {
  if (!before || before.status !== now.status || before.owes !== now.owes || before.error !== now.error) return true;
  if (before.attributes !== now.attributes) return true;
  if (now.dueAt === before.dueAt) return false;
  return exact || (now.dueAt !== undefined && (before.dueAt === undefined || now.dueAt < before.dueAt));
}
