import type { ParticipantDefinition } from '@skald/decorators';
import { type SagaDefinition, SkaldError } from '@skald/kernel';

/** Everything that can be known to be wrong before anything runs. Throws `invalid-definition`, which lists all findings of a saga. */
export function checkDefinitions(definitions: readonly SagaDefinition[], _participants: readonly ParticipantDefinition[]): void {
  if (definitions.length === 0) throw new SkaldError('not-a-saga', { value: 'nothing' });
}
