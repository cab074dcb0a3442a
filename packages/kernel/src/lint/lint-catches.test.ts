import { describe, expect, it } from '@jest/globals';
import { type SagaData, type SignalData, type StepData, type StepEntry, sagaDefinition } from '../definition/saga-definition.js';
import { lint } from './lint.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const compensation = { name: 'undo', run };
const step = (id: string, after?: readonly string[], more: Partial<StepData> = {}): StepData => ({
  ...{ id, run },
  ...(after && { after }),
  ...more,
});
const saga = (steps: readonly StepEntry[]): SagaData => ({ name: 'order', version: 1, steps });
const wait = (id: string, time: number): StepEntry => ({ kind: 'timer', id, after: [], time });
const signal = (id: string, more: Partial<SignalData> = {}): StepEntry => ({ kind: 'signal', id, after: [], ...more });
const a = step('a');
const pivotal = step('p', [], { pivot: true });
const pivot = step('p', ['a'], { pivot: true });

function found(data: SagaData): string[] {
  return lint(sagaDefinition(data)).map(({ severity, rule, step: id }) => `${severity} ${rule} ${id}`);
}

describe('the linter, of what becomes of a failure,', () => {
  it.each<[string, SagaData, ...string[]]>([
    ['an alternative of a step that is not there', saga([a, step('b', undefined, { instead: 'z' })]), 'error unknown-dependency b'],
    ['an alternative of itself', saga([step('a', [], { instead: 'a' })]), 'error own-dependency a'],
    ['alternatives of each other', saga([step('a', [], { instead: 'b' }), step('b', [], { instead: 'a' })]), 'error cycle a'],
    ['errors named by a step that stands in for none', saga([step('a', [], { on: ['Declined'] })]), 'error alternative a'],
    ['an alternative that names no error', saga([a, step('b', [], { instead: 'a', on: [] })]), 'error alternative b'],
    ['an alternative of a timer', saga([wait('w', 1), step('b', [], { instead: 'w' })]), 'error alternative b'],
    ['an alternative of a pivot that is none', saga([pivotal, step('b', [], { instead: 'p' })]), 'error alternative-pivot b'],
    ['a pivot in the place of a step', saga([a, { ...pivot, instead: 'a' }]), 'warning alternative-pivot p'],
    [
      'an alternative behind one that fits everything',
      saga([a, step('b', [], { instead: 'a' }), step('c', [], { instead: 'a', on: ['Declined'] })]),
      'warning never-chosen c',
    ],
    [
      'an optional step with an alternative that fits everything',
      saga([step('a', [], { optional: true }), step('b', [], { instead: 'a' })]),
      'warning never-chosen a',
    ],
    ['an optional step that names no error', saga([step('a', [], { optional: [] })]), 'error optional a'],
    ['an optional pivot', saga([{ ...pivotal, optional: true }]), 'error optional p'],
    ['an optional timer', saga([{ kind: 'timer', id: 'w', time: 1, optional: true }]), 'error optional w'],
  ])('finds %s', (_title, data, ...expected) => {
    expect(found(data)).toEqual(expected);
  });

  it.each<[string, SagaData]>([
    [
      'a pivot with an alternative that is one, and what comes after',
      saga([a, pivot, step('q', undefined, { instead: 'p', pivot: true }), step('b'), step('c', ['p'])]),
    ],
    [
      'alternatives and optional steps past the pivot, with compensations and signals',
      saga([
        ...[
          a,
          pivot,
          step('b', ['p'], { compensation }),
          step('c', [], { instead: 'b' }),
          step('d', ['p'], { compensation, optional: true }),
        ],
        signal('s', { after: ['p'], timeout: '1d', optional: ['Timeout'] }),
      ]),
    ],
    ['an alternative before the pivot', saga([a, step('b', undefined, { instead: 'a' }), pivot])],
  ])('lets pass %s', (_title, data) => {
    expect(found(data)).toEqual([]);
  });
});
