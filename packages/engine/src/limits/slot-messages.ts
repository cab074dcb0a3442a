import { type Delivery, type InboxMessage, isOfAnotherLife, limitStream, type Outgoing, type SagaState, slotOwed } from '@skald/kernel';

export interface SlotTurn {
  readonly sagaId: string;
  readonly state: SagaState;
  /** Revision up to which it was said. */
  readonly published: number;
  readonly deliveries: readonly Delivery<InboxMessage>[];
}

/** What is to be said to the limiter of a saga after a turn. A slot for a saga that is not there, or is no more, is given back for it. */
export function slotMessages({ sagaId, state, published, deliveries }: SlotTurn): Outgoing[] {
  const name = state.phase === 'new' ? sagaId.slice(0, Math.max(0, sagaId.indexOf('-'))) : state.saga;
  const isNobodys = (slot: { readonly since?: number }) => state.phase === 'new' || isOfAnotherLife(state, slot);
  const slots = deliveries.flatMap(({ message: { input } }) => (input.type === 'slot' && isNobodys(input) ? [input] : []));
  const returned = slots.map(
    ({ since }) => ({ type: 'limit', do: 'return', saga: sagaId, ...(since !== undefined && { since }) }) as const,
  );
  const owed = slotOwed(state, published);
  return [...returned, ...(owed ? [owed] : [])].map(
    (input): Outgoing => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId: limitStream(name), input } }),
  );
}
