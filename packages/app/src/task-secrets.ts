import { type SagaDefinition, SkaldError } from '@skald/kernel';
import type { SagaStore } from './wiring.js';

type Secrets = readonly [string, ...(readonly string[])];

/** What task tokens are made with; undefined where no saga has a step that is answered later. Rejects with `task-secret`. */
export async function taskSecrets(
  given: string | readonly string[] | undefined,
  store: SagaStore,
  definitions: readonly SagaDefinition[],
): Promise<Secrets | undefined> {
  const [first, ...others] = typeof given === 'string' ? [given] : (given ?? []);
  if (first !== undefined) return [first, ...others];
  const needs = needsTokens(definitions);
  if (needs === undefined) return undefined;
  const own = await store.taskSecret?.();
  if (own !== undefined) return [own];
  const remedy = 'Give connect() tokens: { secret }, the same to every manager of these sagas; 32 random bytes are usual.';
  throw new SkaldError('task-secret', { problem: `${needs} is answered later, and the store keeps no secret`, remedy });
}

function needsTokens(definitions: readonly SagaDefinition[]): string | undefined {
  for (const { name, steps } of definitions)
    for (const step of steps) if (step.kind === 'command' && step.callback) return `step ${step.id} of saga ${name}`;
  return undefined;
}
