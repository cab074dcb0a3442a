import { type Delivery, type InboxMessage, limitStream, type Outgoing, type SagaState, slotOwed } from '@skald/kernel';

export interface SlotTurn {
  readonly sagaId: string;
  readonly state: SagaState;
  /** Revision up to which it was said. */
  readonly published: number;
  readonly deliveries: readonly Delivery<InboxMessage>[];
}

/** What is to be said to the limiter of a saga after a turn. A slot for a saga that is not there is given back for it. */
export function slotMessages({ sagaId, state, published, deliveries }: SlotTurn): Outgoing[] {
  const isGone = state.phase === 'new' && deliveries.some(({ message }) => message.input.type === 'slot');
  const input = isGone ? ({ type: 'limit', do: 'return', saga: sagaId } as const) : slotOwed(state, published);
  if (!input) return [];
  const saga = isGone ? sagaId.slice(0, Math.max(0, sagaId.indexOf('-'))) : state.saga;
  return [{ address: { to: 'inbox' }, message: { kind: 'input', sagaId: limitStream(saga), input } }];
}
