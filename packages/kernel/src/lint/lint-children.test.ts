import { describe, expect, it } from '@jest/globals';
import type { SagaDefinition } from '../definition/definition.js';
import { type SagaData, type StepData, sagaDefinition } from '../definition/saga-definition.js';
import { lintChildren, type StartedChild } from './lint-children.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const saga = (name: string, step: Partial<StepData> = {}, more: Partial<SagaData> = {}) =>
  sagaDefinition({ name, version: 1, steps: [{ id: 's', run, ...step }], ...more });
const limits = { running: 3 };
const child = (name: string, more: Partial<StartedChild> = {}): StartedChild => ({
  ...{ step: 's', saga: name, version: 1, detached: false },
  ...more,
});

/** What is found of the first. */
function found(families: readonly (readonly [SagaDefinition, ...StartedChild[]])[], allAreHere = true): string[] {
  const [first] = families[0] ?? [];
  const known = new Map(families.map(([definition, ...children]) => [definition, children]));
  return first ? lintChildren(first, known, allAreHere).map(({ rule, message }) => `${rule}: ${message}`) : [];
}

describe('the linter, of sagas that start others,', () => {
  it('finds a child that nobody has, where all that there are are here', () => {
    expect(found([[saga('a'), child('b')]])).toEqual(['unknown-child: it starts saga b version 1, which is not registered']);
    expect(found([[saga('a'), child('b')]], false)).toEqual([]);
  });

  it('B20: finds a child with a pivot whose step is none, and has no compensation that would do without', () => {
    const families = (step: Partial<StepData>) => [[saga('a', step), child('b')] as const, [saga('b', { pivot: true })] as const];
    expect(found(families({}))).toEqual([expect.stringContaining('child-with-pivot: it starts saga b, whose step s is a pivot')]);
    expect(found(families({ pivot: true }))).toEqual([]);
    expect(found(families({ compensation: { name: 'undo', run } }))).toEqual([]);
  });

  it('B20: finds it among the items of a map too, which cannot be a pivot', () => {
    const each = () => ({ items: [1], run });
    const map = { id: 's', kind: 'map', each } as const;
    const [b, other] = [saga('b', { pivot: true }), { name: 'undo', run }];
    const a = (more: object = {}) => sagaDefinition({ name: 'a', version: 1, steps: [{ ...map, ...more }] });
    expect(found([[a(), child('b')], [b]])).toEqual([expect.stringContaining('child-with-pivot')]);
    expect(found([[a({ compensation: other }), child('b')], [b]])).toEqual([]);
    expect(found([[a(), child('b', { detached: true })], [b]])).toEqual([]);
  });

  it('B20: does not mind one past the pivot of its parent, where nothing turns back any more', () => {
    const steps = [
      { id: 'pay', run, pivot: true },
      { id: 's', run },
    ];
    const a = (more: Partial<SagaData>) => sagaDefinition({ name: 'a', version: 1, steps, ...more });
    expect(found([[a({}), child('b')], [saga('b', { pivot: true })]])).toEqual([]);
    expect(found([[a({ steps: [...steps].reverse() }), child('b')], [saga('b', { pivot: true })]])).toHaveLength(1);
  });

  it('finds a compensation that would start a saga', () => {
    expect(found([[saga('a'), child('b', { undoes: true })], [saga('b')]])).toEqual([
      'child-as-compensation: its compensation starts saga b, which cannot undo',
    ]);
  });

  it('finds a saga with a limit that waits for one of its own name', () => {
    expect(found([[saga('a', {}, { limits }), child('a')]])).toEqual([
      'limited-recursion: it waits for saga a: with limits.running, sagas a that wait may hold every slot that those need',
    ]);
    expect(found([[saga('a'), child('a')]])).toEqual([]);
    expect(found([[saga('a', {}, { limits }), child('a', { detached: true })]])).toEqual([]);
  });

  it('finds one that comes back to its own name over others, or over another version of it', () => {
    expect(
      found([
        [saga('a', {}, { limits }), child('b')],
        [saga('b'), child('c')],
        [saga('c'), child('a', { version: 7 })],
      ]),
    ).toEqual([expect.stringContaining('it waits for saga b, which comes to c, then a:')]);
    const older = [saga('a', {}, { version: 1 })] as const;
    expect(found([[saga('a', {}, { version: 2, limits }), child('a')], older])).toHaveLength(1);
  });

  it('does not mind a family that goes round without the limited one, nor one that nobody waits for somewhere on the way', () => {
    expect(
      found([
        [saga('a', {}, { limits }), child('b')],
        [saga('b'), child('c')],
        [saga('c'), child('b')],
      ]),
    ).toEqual([]);
    expect(
      found([
        [saga('a', {}, { limits }), child('b')],
        [saga('b'), child('a', { detached: true })],
      ]),
    ).toEqual([]);
    // Of two versions each goes its own way.
    const [b1, b2] = [saga('b'), saga('b', {}, { version: 2 })];
    expect(found([[saga('a', {}, { version: 2, limits }), child('b', { version: 2 })], [b1, child('a')], [b2]])).toEqual([]);
  });
});
