import { describe, expect, it } from '@jest/globals';
import { describeDefinition } from '../definition/describe.js';
import { diffDefinitions } from '../definition/diff-definitions.js';
import { type MapData, type StepEntry, sagaDefinition } from '../definition/saga-definition.js';
import { lint } from './lint.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const map = (more: Partial<MapData> & { readonly pivot?: true } = {}): MapData => ({
  ...{ kind: 'map', id: 'm', after: [], each: () => ({ items: [], run }) },
  ...more,
});
const saga = (...steps: readonly StepEntry[]) => sagaDefinition({ name: 'order', version: 1, steps });
const pivot: StepEntry = { id: 'p', after: [], pivot: true, run };
const compensation = { name: 'undo', run };

function found(...steps: readonly StepEntry[]): string[] {
  return lint(saga(...steps)).map(({ severity, rule, step }) => `${severity} ${rule} ${step}`);
}

describe('the linter, of steps that ask for many items,', () => {
  it.each<[string, readonly StepEntry[], ...string[]]>([
    ['nothing at once', [map({ concurrency: 0 })], 'error concurrency m'],
    ['half an item at once', [map({ concurrency: 1.5 })], 'error concurrency m'],
    ['more at once than fit a write', [map({ concurrency: 101 })], 'error concurrency m'],
    ['fewer failures than none', [map({ tolerate: { failures: -1 } })], 'error tolerate m'],
    ['half a failure', [map({ tolerate: { failures: 0.5 } })], 'error tolerate m'],
    ['more than all', [map({ tolerate: { share: 1.1 } })], 'error tolerate m'],
    ['a pivot', [map({ pivot: true })], 'error map-pivot m'],
    [
      'what holds for any step that asks',
      [map({ timeout: 0, retry: { attempts: 0 } })],
      'error timeout m',
      'error timeout m',
      'error attempts m',
    ],
    ['one beside the pivot', [pivot, map()], 'error step-beside-pivot m'],
    ['one past the pivot that is compensated', [pivot, map({ after: 'p', compensation })], 'error compensation-past-pivot m'],
    ['one before the pivot', [map({ compensation }), { ...pivot, after: 'm' }]],
    ['one past the pivot', [pivot, map({ after: 'p', concurrency: 100, tolerate: { share: 1 } })]],
  ])('finds %s', (_title, steps, ...findings) => {
    expect(found(...steps)).toEqual(findings);
  });
});

describe('a step that asks for many items', () => {
  it('has 20 of them at work at once, none of which may fail, unless it says otherwise', () => {
    expect(saga(map()).steps).toMatchObject([{ concurrency: 20, tolerate: { failures: 0 }, timeout: 60_000, retry: { attempts: 3 } }]);
    expect(saga(pivot, map({ after: 'p' })).steps).toMatchObject([{}, { retry: { attempts: 20 } }]);
  });

  it('is described without its functions, and compared by what it says', () => {
    const before = describeDefinition(saga(map({ compensation })));
    expect(before).toMatchObject({
      steps: [{ kind: 'map', concurrency: 20, tolerate: { failures: 0 }, compensation: 'undo', when: false }],
    });
    const after = describeDefinition(saga(map({ concurrency: 5, tolerate: { share: 0.1 } })));
    expect(diffDefinitions(before, after).sort()).toEqual([
      'step m: compensation was "undo", and is not there',
      'step m: concurrency was 20, and is 5',
      'step m: tolerate.failures was 0, and is not there',
      'step m: tolerate.share was not there, and is 0.1',
    ]);
  });
});
