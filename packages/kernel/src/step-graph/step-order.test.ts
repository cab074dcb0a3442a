import { describe, expect, it } from '@jest/globals';
import { placesOf } from './step-order.js';

type Steps = Parameters<typeof placesOf>[0];

function order(...steps: Steps): Record<string, readonly string[]> {
  const places = placesOf(steps);
  return Object.fromEntries(steps.map(({ id }, at) => [id, places[at]?.after ?? []]));
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
    expect(placesOf(steps)[19_998]?.after).toEqual(['s19996', 's19997']);
  });

  it('is at the beginning of a branch its choice, and in it the step before', () => {
    const steps = [{ id: 'c' }, ...['x.1', 'x.2', 'y.1', 'y.2'].map((id) => ({ id: id.replace('.', ''), branch: `c.${id[0]}` }))];
    expect(order(...steps)).toEqual({ c: [], x1: ['c'], x2: ['x1'], y1: ['c'], y2: ['y1'] });
  });

  it('is where the branches of a choice are left all their ends, or the choice itself where they have no steps', () => {
    const branch = (id: string, name: string) => ({ id, branch: name });
    const nested = order(
      ...[
        { id: 'c' },
        branch('a', 'c.x'),
        branch('d', 'c.x'),
        branch('e', 'd.v'),
        branch('f', 'd.w'),
        branch('g', 'c.x'),
        branch('h', 'c.y'),
      ],
      ...[{ id: 'b' }, { id: 'k' }, { id: 'l' }],
    );
    expect(nested).toEqual({
      ...{ c: [], a: ['c'], d: ['a'], e: ['d'], f: ['d'], g: ['e', 'f'], h: ['c'], b: ['g', 'h'], k: ['b'], l: ['k'] },
    });
  });

  it('is the choice in any case for what belongs to its branches, whatever it says', () => {
    const steps = [{ id: 'a' }, { id: 'c' }, { id: 'x', branch: 'c.x', after: 'a' }, { id: 'y', branch: 'c.x', after: 'x' }];
    expect(order(...steps)).toEqual({ a: [], c: ['a'], x: ['c', 'a'], y: ['x'] });
  });

  it('has the alternatives of a branch in that branch', () => {
    const steps = [{ id: 'c' }, { id: 'x', branch: 'c.x' }, { id: 'z', instead: 'x' }, { id: 'v', branch: 'c.x' }, { id: 'b' }];
    expect(placesOf(steps)).toEqual([
      { after: [] },
      { after: ['c'], branch: 'c.x' },
      { after: ['x'], branch: 'c.x' },
      { after: ['x', 'z'], branch: 'c.x' },
      { after: ['v'] },
    ]);
  });
});
