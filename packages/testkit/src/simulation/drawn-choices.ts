import { type ChoiceData, SagaAborted, type SagaView, type StepEntry } from '@skald/kernel';
import type { Choices } from './choices.js';

const NAMES = ['x', 'y', 'z'] as const;

/**
 * A choice whose guards say what they say at once, or by what an earlier step answered; some do not decide until they are mended, and some end
 * the saga.
 */
export function drawChoice(choices: Choices, id: string, after: readonly string[], scenario: { repaired: boolean }): ChoiceData {
  const how = choices.weigh([3, 3, 2, 3, 1, 1, 1]);
  const isGuarded = choices.pick(12) === 11;
  const asked = after[0] ?? '';
  const says = (name: string, { results }: SagaView): boolean => {
    if (how === 6 && name === 'y') throw new SagaAborted('neither will do');
    if (how === 5 && !scenario.repaired) return false;
    if (how === 4 && !scenario.repaired) return true;
    if (how === 3) return (results[asked] === undefined) === (name === 'y');
    return how === 2 ? false : name === (how === 1 ? 'y' : 'x');
  };
  const guards = { x: (_input: unknown, view: SagaView) => says('x', view), y: (_input: unknown, view: SagaView) => says('y', view) };
  return {
    ...{ kind: 'choice', id, after, branches: guards },
    ...((how === 2 || choices.pick(2) === 1) && how !== 5 && { otherwise: 'z' }),
    ...(isGuarded && { when: () => false }),
  };
}

/** A branch of a choice that was drawn before. */
export function drawBranch(choices: Choices, before: readonly StepEntry[]): { readonly branch?: string } {
  const drawn = before.filter((step) => step.kind === 'choice');
  const choice = drawn[choices.pick(drawn.length || 1)];
  if (!choice || choices.pick(3) === 0) return {};
  const name = NAMES[choices.pick(choice.otherwise === undefined ? 2 : 3)];
  return { branch: `${choice.id}.${name}` };
}
