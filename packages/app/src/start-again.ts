import { actionsOf, type SagaDefinition, type SagaState, SkaldError, whyNotAgain } from '@skald/kernel';
import { startInput } from './start-input.js';

export interface StartAgainOptions {
  /** Who does it; recorded. */
  readonly by: string;
  /** Why; recorded. */
  readonly reason: string;
  /** Instance id of the new saga. Default: that of the earlier one with `~2`, of `42~2` then `42~3`: whoever starts it again gets the same one. */
  readonly id?: string;
  /** Of the new saga. Default: the earlier one’s. */
  readonly input?: unknown;
}

/** What another saga begins with, in place of one that has ended. */
export interface Again {
  readonly definition: SagaDefinition;
  /** Instance id. */
  readonly id: string;
  readonly input: unknown;
  readonly again: { readonly of: string; readonly by: string; readonly reason: string };
}

/** Throws `action-not-possible`, `saga-not-registered`, `invalid-input`, `input-too-large`. */
export async function againOf(state: SagaState, definitions: readonly SagaDefinition[], options: StartAgainOptions): Promise<Again> {
  const { sagaId, saga, version } = state;
  const why = whyNotAgain(state);
  if (why !== undefined) {
    const possible = actionsOf(state).saga.join(', ') || 'none';
    throw new SkaldError('action-not-possible', { sagaId, target: 'the saga', action: 'start-again', why, possible });
  }
  const [definition] = definitions.filter(({ name }) => name === saga).sort((a, b) => b.version - a.version);
  if (!definition) throw new SkaldError('saga-not-registered', { saga, version });
  const { by, reason, id = nextId(sagaId.slice(saga.length + 1)) } = options;
  const given = 'input' in options ? options.input : state.input;
  // What is on record has been through the schema of its version, which may convert.
  const asItWas = !('input' in options) && definition.version === version;
  return { definition, id, input: asItWas ? given : await startInput(definition, given), again: { of: sagaId, by, reason } };
}

function nextId(id: string): string {
  const counted = /^(.*)~(\d{1,9})$/su.exec(id);
  return counted ? `${counted[1]}~${Number(counted[2]) + 1}` : `${id}~2`;
}
