import { foundItDone, type SagaState, stepOf } from '../state/state.js';
import type { DataOf } from './events.js';
import { review } from './evolve-undo.js';

export function undoRequested(state: SagaState, data: DataOf<'CompensationRequested'>, at: number): void {
  const step = stepOf(state, data.step);
  const before = step.undo?.round === data.round ? step.undo : undefined;
  step.undo = {
    round: data.round,
    attempt: data.attempt,
    tries: (before?.tries ?? 0) + 1,
    status: 'requested',
    command: data.command ?? before?.command,
    args: step.undo?.args,
    firstRequestedAt: before?.firstRequestedAt ?? at,
    dueAt: data.dueAt,
    executed: false,
    crossed: before?.crossed,
  };
  if (before === undefined || before.attempt !== data.attempt) step.asks = 1;
  state.undone = true;
  state.undoReady.delete(step.id);
  state.owed.set(`compensation:${step.id}`, state.revision);
  state.timers.set(`compensation:${step.id}`, data.dueAt);
}

export function undoSucceeded(state: SagaState, data: DataOf<'CompensationSucceeded'>): void {
  const step = stepOf(state, data.step);
  const undo = step.undo;
  if (!undo) throw new Error(`history ends a compensation of ${step.id} that was never requested`);
  state.owed.delete(`compensation:${step.id}`);
  state.timers.delete(`compensation:${step.id}`);
  state.parked.delete(`compensation:${step.id}`);
  undo.executed = data.executed;
  // A success that came while an undo was under way which did not find it done was after it; it must be undone once more.
  const again = undo.crossed === 'after-undo' || (undo.crossed === 'success' && !foundItDone(undo));
  undo.status = again ? 'again' : 'done';
  review(state, step);
}

export function undoFailed(state: SagaState, data: DataOf<'CompensationFailed'>): void {
  const step = stepOf(state, data.step);
  const undo = step.undo;
  if (!undo) throw new Error(`history fails a compensation of ${step.id} that was never requested`);
  undo.status = 'backoff';
  state.owed.delete(`compensation:${step.id}`);
  if (data.retryAt === undefined) state.timers.delete(`compensation:${step.id}`);
  else state.timers.set(`compensation:${step.id}`, data.retryAt);
}
