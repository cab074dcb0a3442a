/** A saga and its slot, where its definition says that only so many may run at the same time. */
import type { Draft } from '../decide.js';
import type { LimitInput, Slot } from '../messages.js';
import type { SagaState } from '../state/state.js';

/** The limiter says that the saga has a slot; it says so again when it has not heard for long. */
export function recordSlot(draft: Draft, slot: Slot): void {
  const { state } = draft;
  if (isOfAnotherLife(state, slot) || state.phase !== 'running' || state.slot === 'none') draft.note = 'stray';
  else if (state.slot === 'held') draft.note = 'duplicate';
  else draft.emit('SlotGranted', {});
}

/** It was granted to a saga of this id that is no more. */
export function isOfAnotherLife({ startedAt }: SagaState, { since }: Pick<Slot, 'since'>): boolean {
  return since !== undefined && since !== startedAt;
}

/** Its program is not asked: others run, as many as may. */
export function isThrottled(state: SagaState): boolean {
  return state.slot === 'asked' && state.phase === 'running';
}

/**
 * What the saga owes its limiter, since revision `since` (default: at all): to ask for a slot, or to give it back, also one that it never had.
 * It is said at most once for each time that a saga is taken up; the limiter finds out what it did not hear.
 */
export function slotOwed(state: SagaState, since = -1): Omit<LimitInput, 'at'> | undefined {
  if (state.slot === 'none' || state.slotRevision <= since) return undefined;
  if (state.end) return { type: 'limit', do: 'return', saga: state.sagaId, since: state.startedAt };
  return isThrottled(state) ? { type: 'limit', do: 'ask', saga: state.sagaId, since: state.startedAt } : undefined;
}
