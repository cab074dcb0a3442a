import { describe, expect, it } from '@jest/globals';
import { dependenciesOf } from './step-order.js';

type Steps = Parameters<typeof dependenciesOf>[0];

function order(...steps: Steps): Record<string, readonly string[]> {
  const dependencies = dependenciesOf(steps);
  return Object.fromEntries(steps.map(({ id }, at) => [id, dependencies[at] ?? []]));
}

describe('what a step comes after', () => {
  it('is the step before it, unless it says otherwise', () => {
    expect(order({ id: 'a' }, { id: 'b' }, { id: 'c', after: 'a' }, { id: 'd', after: [] })).toEqual({ a: [], b: ['a'], c: ['a'], d: [] });
  });

  it('is for an alternative the step that it stands in for, and what it says besides', () => {
    expect(order({ id: 'a' }, { id: 'b', instead: 'a' }, { id: 'c', instead: 'a', after: ['z', 'a'] })).toEqual({
      a: [],
      b: ['a'],
      c: ['a', 'z'],
    });
  });

  it('is a step with all its alternatives and theirs, wherever they are defined, also by default', () => {
    const steps = [{ id: 'a' }, { id: 'b', instead: 'a' }, { id: 'c', instead: 'b' }, { id: 'd' }, { id: 'e', instead: 'a' }] as const;
    expect(order(...steps)['d']).toEqual(['a', 'b', 'c', 'e']);
    expect(order({ id: 'd', after: 'a' }, { id: 'a', after: [] }, { id: 'b', instead: 'a' })['d']).toEqual(['a', 'b']);
  });

  it('is what its author wrote where alternatives run in a circle, for the linter to find', () => {
    expect(order({ id: 'a', instead: 'b' }, { id: 'b', instead: 'a' })).toEqual({ a: ['b'], b: ['a'] });
  });

  it('costs one pass, however long the saga', () => {
    const steps = Array.from({ length: 20_000 }, (_, at) => ({ id: `s${at}`, ...(at % 2 && { instead: `s${at - 1}` }) }));
    expect(dependenciesOf(steps)[19_998]).toEqual(['s19996', 's19997']);
  });
});
