import { SkaldError } from '@skald/kernel';

/** Of the sagas whose messages a bus will never take; empty where it failed for another reason. The messages of all others were sent. */
export function refusedSagas(error: unknown): ReadonlyMap<string, SkaldError> {
  const errors = error instanceof SkaldError && error.cause instanceof AggregateError ? error.cause.errors : [error];
  const refused = new Map<string, SkaldError>();
  for (const one of errors) {
    if (!(one instanceof SkaldError) || one.code !== 'message-refused' || one.details['sagaId'] === undefined) return new Map();
    refused.set(String(one.details['sagaId']), one);
  }
  return refused;
}
