import { type Outgoing, SkaldError } from '@skald/kernel';

/**
 * The sagas whose messages a bus will never take, and why; empty where it failed for another reason. The messages of all others were sent. What
 * was to begin a saga counts for the one whose step asked for it.
 */
export function refusedSagas(error: unknown, messages: readonly Outgoing[] = []): ReadonlyMap<string, SkaldError> {
  const errors = error instanceof SkaldError && error.cause instanceof AggregateError ? error.cause.errors : [error];
  const refused = new Map<string, SkaldError>();
  for (const one of errors) {
    if (!(one instanceof SkaldError) || one.code !== 'message-refused' || one.details['sagaId'] === undefined) return new Map();
    refused.set(askingSaga(String(one.details['sagaId']), messages), one);
  }
  return refused;
}

function askingSaga(sagaId: string, messages: readonly Outgoing[]): string {
  for (const { message } of messages) {
    if (message.sagaId === sagaId && message.kind === 'input' && message.input.type === 'asked') return message.input.by.sagaId;
  }
  return sagaId;
}
