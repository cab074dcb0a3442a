import { describe, expect, it } from '@jest/globals';
import {
  type RetryOptions,
  type SagaData,
  type SignalData,
  type StepData,
  type StepEntry,
  type StepOptions,
  sagaDefinition,
} from '../definition/saga-definition.js';
import { lint } from './lint.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const compensation = { name: 'undo', run };
const step = (id: string, after?: readonly string[], more: Partial<StepData> = {}): StepData => ({
  id,
  run,
  ...(after && { after }),
  ...more,
});
const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}): SagaData => ({ name: 'order', version: 1, steps, ...more });
const one = (options: StepOptions): SagaData => saga([step('a', [], options)]);
const retry = (options: RetryOptions): SagaData => one({ retry: options });
const wait = (id: string, time: number | '2d', after: readonly string[] = []): StepEntry => ({ kind: 'timer', id, after, time });
const signal = (id: string, more: Partial<SignalData> = {}): StepEntry => ({ kind: 'signal', id, after: [], ...more });
const a = step('a');
const pivot = step('p', ['a'], { pivot: true });

function found(data: SagaData): string[] {
  return lint(sagaDefinition(data)).map(
    (finding) => `${finding.severity} ${finding.rule}${finding.step === undefined ? '' : ` ${finding.step}`}`,
  );
}

describe('the linter', () => {
  it.each<[string, SagaData, ...string[]]>([
    ['a name with a dash', saga([a], { name: 'order-2' }), 'error saga-name'],
    ['a name that Skald needs', saga([a], { name: 'definition' }), 'error saga-name'],
    ['an attribute with a dash', saga([a], { attributes: { 'a-b': () => 1 } }), 'error attributes'],
    [
      '21 attributes',
      saga([a], { attributes: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`a${i}`, () => i])) }),
      'error attributes',
    ],
    ['an empty name', saga([a], { name: '' }), 'error saga-name'],
    ['a name of 65 characters', saga([a], { name: 'x'.repeat(65) }), 'error saga-name'],
    ['version 0', saga([a], { version: 0 }), 'error saga-version'],
    ['version 1.5', saga([a], { version: 1.5 }), 'error saga-version'],
    ['a deadline of nothing', saga([a], { deadline: 0 }), 'error saga-deadline'],
    ['a limit of none', saga([a], { limits: { running: 0 } }), 'error saga-limits'],
    ['no steps', saga([]), 'error no-steps'],
    ['a step id with a slash', saga([step('a/b')]), 'error step-id a/b'],
    ['a step id with a colon', saga([step('a:b')]), 'error step-id a:b'],
    ['a step id with a number sign', saga([step('a#2')]), 'error step-id a#2'],
    ['a step id that starts with a digit', saga([step('2a')]), 'error step-id 2a'],
    ['a step id that every object has', saga([step('constructor')]), 'error step-id constructor'],
    ['a step id of the prototype', saga([step('__proto__')]), 'error step-id __proto__'],
    ['two steps of one id', saga([a, step('a', [])]), 'error duplicate-step a'],
    ['a dependency that is not there', saga([step('a', ['b'])]), 'error unknown-dependency a'],
    ['a step after itself', saga([step('a', ['a'])]), 'error own-dependency a'],
    ['a cycle', saga([step('a', ['c']), step('b', ['a']), step('c', ['b'])]), 'error cycle a'],
    ['a second pivot', saga([a, pivot, step('q', ['p'], { pivot: true })]), 'error many-pivots q'],
    ['a compensated pivot', saga([a, { ...pivot, compensation }]), 'error compensated-pivot p'],
    ['a guarded pivot', saga([a, { ...pivot, when: () => true }]), 'warning guarded-pivot p'],
    ['a compensation past the pivot', saga([a, pivot, step('b', ['p'], { compensation })]), 'error compensation-past-pivot b'],
    ['a compensated step beside the pivot', saga([a, pivot, step('b', ['a'], { compensation })]), 'error step-beside-pivot b'],
    ['a step beside the pivot', saga([a, pivot, step('b', [])]), 'error step-beside-pivot b'],
    ['what follows a step beside the pivot', saga([a, pivot, step('b', []), step('c', ['b', 'p'])]), 'error step-beside-pivot b'],
    ['a wait for nothing', saga([wait('w', 0)]), 'error timer w'],
    ['a wait beyond the deadline', saga([wait('w', '2d')], { deadline: '1d' }), 'warning timer w'],
    ['a wait of a bad name', saga([wait('2w', '2d')]), 'error step-id 2w'],
    ['a signal beyond the pivot', saga([a, pivot, signal('s', { after: ['p'], timeout: '1d' })]), 'warning signal-past-pivot s'],
    ['a signal beside the pivot', saga([a, pivot, signal('s', { after: ['a'], timeout: '1d' })]), 'error step-beside-pivot s'],
    ['a signal without a timeout or a deadline', saga([signal('s')]), 'warning waits-for-ever s'],
    [
      'a signal that is skipped on a timeout it has not',
      saga([signal('s', { onTimeout: 'skip' })], { deadline: '1d' }),
      'warning waits-for-ever s',
    ],
    ['a signal with a timeout of nothing', saga([signal('s', { timeout: 0 })]), 'error signal-timeout s'],
    ['a signal of a bad name', saga([signal('s', { signal: 'a b', timeout: '1d' })]), 'error signal-name s'],
    ['0 attempts', retry({ attempts: 0 }), 'error attempts a'],
    ['1,001 attempts', retry({ attempts: 1_001 }), 'error attempts a'],
    ['1.5 attempts', retry({ attempts: 1.5 }), 'error attempts a'],
    ['attempts without end and without a deadline', retry({ attempts: Number.POSITIVE_INFINITY }), 'warning retry-for-ever a'],
    ['a jitter over 1', retry({ jitter: 1.1 }), 'error jitter a'],
    ['a jitter that is no number', retry({ jitter: Number.NaN }), 'error jitter a'],
    ['a delay longer than the longest', retry({ delay: '2s', maxDelay: '1s' }), 'error delay a'],
    ['an error that is retried and never retried', retry({ on: ['Busy', 'Gone'], never: ['Gone'] }), 'error retry-names a'],
    ['a timeout of nothing', one({ timeout: 0 }), 'error timeout a', 'error timeout a'],
    ['a compensation timeout of nothing', one({ compensationTimeout: 0 }), 'error timeout a'],
    ['a wrong retry of a compensation', one({ compensationRetry: { jitter: -1 } }), 'error jitter a'],
    [
      'several mistakes at once',
      saga([step('a-b', ['x'], { timeout: 0, compensationTimeout: 1 })]),
      ...['step-id', 'timeout', 'unknown-dependency'].map((rule) => `error ${rule} a-b`),
    ],
  ])('finds %s', (_title, data, ...expected) => {
    expect(found(data)).toEqual(expected);
  });

  it.each<[string, SagaData]>([
    ['steps before, at and past a pivot', saga([step('a', [], { compensation }), pivot, step('b', ['p']), step('c', ['p'])])],
    ['a pivot that waits for two branches', saga([a, step('b', []), { ...pivot, after: ['a', 'b'] }])],
    [
      'attempts without end where a deadline ends them',
      saga([step('a', [], { retry: { attempts: Number.POSITIVE_INFINITY } })], { deadline: '7d' }),
    ],
    ['a dotted name and 1,000 attempts', saga([step('a', [], { retry: { attempts: 1_000 } })], { name: 'shop.order_2' })],
  ])('lets pass %s', (_title, data) => {
    expect(found(data)).toEqual([]);
  });

  it('names the cycle, and says how to mend what it finds', () => {
    const [cycle] = lint(sagaDefinition(saga([step('a', ['c']), step('b', ['a']), step('c', ['b'])])));
    expect(cycle).toMatchObject({
      saga: 'order',
      message: 'it waits for itself: a → c → b → a',
      fix: 'Take one of these out of an "after".',
    });
    const [beside] = lint(sagaDefinition(saga([a, pivot, step('b', [])])));
    expect(beside?.fix).toBe('Put it before p (name it in that step’s "after"), or after it (after: \'p\').');
    const [unknown] = lint(sagaDefinition(saga([step('a', ['z']), step('b', [])])));
    expect(unknown?.fix).toBe('Name one of: b.');
  });
});

describe('the linter of steps that are answered later', () => {
  it.each<[string, SagaData, string]>([
    ['a callback without time', one({ callback: { timeout: 0 } }), 'error callback a'],
    ['heartbeats without a pause', one({ callback: { timeout: 10, heartbeat: 0 } }), 'error callback a'],
    ['heartbeats further apart than the end', one({ callback: { timeout: '1m', heartbeat: '1m' } }), 'warning callback a'],
    ['a callback beyond the deadline', saga([step('a', [], { callback: { timeout: '2d' } })], { deadline: '1d' }), 'warning callback a'],
  ])('finds %s', (_title, data, expected) => {
    expect(found(data)).toEqual([expected]);
  });
});

describe('the linter of express sagas', () => {
  it.each<[string, SagaData, ...string[]]>([
    ['an express saga that may take longer than five minutes', saga([a], { mode: 'express', deadline: '6m' }), 'error express'],
    ['an express saga of which only so many may run', saga([a], { mode: 'express', limits: { running: 1 } }), 'error express'],
    ['an express saga that waits for a signal', saga([a, signal('s', { timeout: '1s' })], { mode: 'express' }), 'error express s'],
    ['an express saga that waits for days', saga([a, wait('w', '2d')], { mode: 'express' }), 'error express w'],
    ['an express saga that waits for a second', saga([a, wait('w', 1_000)], { mode: 'express', deadline: '5m' })],
  ])('finds %s', (_what, data, ...expected) => {
    expect(found(data)).toEqual(expected);
  });
});
