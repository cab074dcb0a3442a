import { type StepData, sagaDefinition } from '@skald/kernel';
import type { ModelStep, Scenario } from './scenario.js';

type Kind = Exclude<ModelStep['kind'], 'timer' | 'signal'>;

function scenario(...steps: readonly (Omit<ModelStep, 'compensable'> & { readonly attempts: number })[]): Scenario {
  const data = steps.map(({ id, pivot, own, kind, attempts }): StepData => {
    const retry = { attempts, delay: 10, jitter: 0 };
    const command = (participant: string) => () => ({ participant, action: id, args: [] });
    const options = { pivot, timeout: 100, retry, compensationRetry: retry };
    return { id, ...options, run: command(kind), ...(own && { compensation: { name: `undo ${id}`, run: command('undoer') } }) };
  });
  const definition = sagaDefinition({ name: 'model', version: 1, steps: data });
  return {
    definition,
    repaired: true,
    orderly: true,
    skew: 0,
    steps: new Map(steps.map((step) => [step.id, { ...step, compensable: true }])),
  };
}

const step = (id: string, kind: Kind, attempts: number) => ({ id, kind, attempts, own: false, pivot: false });

/** Sagas small enough to take every path through them, by what they are. */
export const SMALL_SCENARIOS: Readonly<Record<string, () => Scenario>> = {
  'one step that its participant undoes': () => scenario(step('s0', 'transactional', 2)),
  'one step at an external participant': () => scenario(step('s0', 'external', 2)),
  'one step that the saga undoes elsewhere': () => scenario({ ...step('s0', 'transactional', 1), own: true }),
  'one step at an external participant that the saga undoes elsewhere': () => scenario({ ...step('s0', 'external', 1), own: true }),
  'a step and a pivot': () => scenario(step('s0', 'transactional', 1), { ...step('s1', 'transactional', 2), pivot: true }),
  'a pivot at an external participant': () => scenario({ ...step('s0', 'external', 1), pivot: true }),
};
