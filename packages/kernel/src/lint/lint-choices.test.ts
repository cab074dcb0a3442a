import { describe, expect, it } from '@jest/globals';
import { type ChoiceData, type StepData, type StepEntry, sagaDefinition } from '../definition/saga-definition.js';
import { lint } from './lint.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const step = (id: string, more: Partial<StepData> = {}): StepEntry => ({ id, run, ...more });
const no = () => false;
const choice = (more: Partial<ChoiceData> = {}): StepEntry => ({ kind: 'choice', id: 'c', branches: { x: no, y: no }, ...more });
const x = step('x', { branch: 'c.x' });
const y = step('y', { branch: 'c.y' });

function found(...steps: readonly StepEntry[]): string[] {
  return lint(sagaDefinition({ name: 'order', version: 1, steps })).map(({ severity, rule, step: id }) => `${severity} ${rule} ${id}`);
}

describe('the linter, of choices,', () => {
  it.each<[string, readonly StepEntry[], ...string[]]>([
    ['a choice without branches', [choice({ branches: {} })], 'error choice c'],
    ['a branch of a bad name', [choice({ branches: { 'x.y': no, y: no } }), y, step('z', { branch: 'c.x.y' })], 'error choice c'],
    ['a branch without steps', [choice(), x], 'warning empty-branch c'],
    ['a branch of what is no choice', [x], 'error branch x', 'error unknown-dependency x'],
    ['a branch that its choice has not', [choice(), x, y, step('z', { branch: 'c.z' })], 'error branch z'],
    ['what is no branch', [choice(), x, y, step('z', { branch: 'c' })], 'error branch z'],
    ['an alternative in another branch', [choice(), x, y, step('z', { branch: 'c.y', instead: 'x' })], 'error branch z'],
    ['an alternative of a choice', [choice(), x, y, step('z', { instead: 'c' })], 'error alternative z'],
    ['a choice within its own branch', [choice({ branch: 'c.x' }), x, y], 'error own-dependency c'],
    ['a pivot in one branch only', [choice({ otherwise: 'y' }), step('x', { branch: 'c.x', pivot: true })], 'warning guarded-pivot x'],
    [
      'a step beside a pivot in its branch',
      [
        choice(),
        step('x', { branch: 'c.x', pivot: true }),
        step('z', { branch: 'c.x', after: 'c' }),
        step('y', { branch: 'c.y', pivot: true }),
      ],
      'error step-beside-pivot z',
    ],
  ])('finds %s', (_title, steps, ...expected) => {
    expect(found(...steps).sort()).toEqual([...expected].sort());
  });

  it.each<[string, readonly StepEntry[]]>([
    [
      'branches with steps, a choice in one, and what comes after',
      [choice(), x, choice({ id: 'd', branch: 'c.y' }), step('v', { branch: 'd.x' }), step('w', { branch: 'd.y' }), step('z')],
    ],
    ['nothing to do otherwise', [choice({ otherwise: 'z' }), x, y]],
    ['a pivot in each branch', [choice(), step('x', { branch: 'c.x', pivot: true }), step('y', { branch: 'c.y', pivot: true }), step('z')]],
  ])('lets pass %s', (_title, steps) => {
    expect(found(...steps)).toEqual([]);
  });
});
