import { type Answer, type InboxMessage, isEnded, type Outgoing, type SagaState, statusOf } from '@skald/kernel';
import { endingOf } from '../ending.js';

/** What a start is answered by a saga that is there already, or has just come to its end. */
export function answerOf({ input }: InboxMessage, state: SagaState): Answer {
  if (input.type !== 'start') return { accepted: false, code: 'saga-not-found' };
  if (input.inputHash !== state.inputHash) {
    return { accepted: false, code: 'saga-exists', details: { existing: state.inputHash, given: input.inputHash } };
  }
  return {
    accepted: true,
    revision: Math.max(0, state.revision),
    ...(input.request !== state.startRequest && { existing: true }),
    ...(isEnded(statusOf(state)) && { ending: endingOf(state) }),
  };
}

/** To everybody who asked, once. */
export function answersTo(asking: readonly InboxMessage[], answer: (message: InboxMessage) => Answer): Outgoing[] {
  const told = new Set<string>();
  return asking.flatMap((message) => {
    const { client, sagaId, input } = message;
    if (client === undefined || !('request' in input)) return [];
    if (asking.length > 1) {
      const question = JSON.stringify([client, input.request]);
      if (told.has(question)) return [];
      told.add(question);
    }
    return [{ address: { to: 'client', client }, message: { kind: 'answer', sagaId, request: input.request, answer: answer(message) } }];
  });
}
