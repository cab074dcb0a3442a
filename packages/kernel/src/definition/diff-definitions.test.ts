import { describe, expect, it } from '@jest/globals';
import { describeDefinition } from './describe.js';
import { diffDefinitions } from './diff-definitions.js';
import { type SagaData, type SignalData, type StepData, sagaDefinition } from './saga-definition.js';

const run = () => ({ participant: 'p', action: 'a', args: [] });
const described = (data: Partial<SagaData>) => describeDefinition(sagaDefinition({ name: 'order', version: 1, steps: [], ...data }));
const step = (id: string, more: Partial<StepData> = {}): StepData => ({ id, after: [], run, ...more });

describe('the differences of two definitions', () => {
  it('are none for the same saga, whatever its functions', () => {
    const steps = [step('a', { when: () => true })];
    expect(diffDefinitions(described({ steps }), described({ steps: [step('a', { when: () => false })] }))).toEqual([]);
  });

  it('name the saga’s own settings', () => {
    expect(diffDefinitions(described({}), described({ deadline: '1s' }))).toEqual(['deadline was not there, and is 1000']);
  });

  it('name steps that are gone, new or changed, down to the setting', () => {
    const before = described({ steps: [step('a'), step('b', { timeout: '5s' })] });
    const after = described({
      steps: [step('b', { timeout: '6s', retry: { attempts: 5 }, compensation: { name: 'undo', run } }), step('c')],
    });
    expect(diffDefinitions(before, after)).toEqual([
      'step a is gone',
      'step b: compensationTimeout was 5000, and is 6000',
      'step b: retry.attempts was 3, and is 5',
      'step b: timeout was 5000, and is 6000',
      'step b: compensation was not there, and is "undo"',
      'step c is new',
    ]);
  });

  it('name another time of a step that waits, unless its method says it', () => {
    const waits = (time: '1d' | '2d' | (() => Date)) => described({ steps: [{ kind: 'timer', id: 'w', after: [], time }] });
    expect(diffDefinitions(waits('1d'), waits('2d'))).toEqual(['step w: time was 86400000, and is 172800000']);
    expect(diffDefinitions(waits('1d'), described({ steps: [step('w')] }))).toContain('step w: kind was "timer", and is "command"');
    expect(
      diffDefinitions(
        waits(() => new Date(1)),
        waits(() => new Date(2)),
      ),
    ).toEqual([]);
  });

  it('name what a step waits for', () => {
    const waits = (more: Partial<SignalData>) => described({ steps: [{ kind: 'signal', id: 's', after: [], ...more }] });
    expect(diffDefinitions(waits({}), waits({ signal: 'approval', timeout: '1s', onTimeout: 'skip', receive: () => 1 }))).toEqual([
      'step s: onTimeout was "fail", and is "skip"',
      'step s: signal was "s", and is "approval"',
      'step s: timeout was not there, and is 1000',
    ]);
  });

  it('name another order of the steps, and another "after"', () => {
    const before = described({ steps: [step('a'), step('b', { after: ['a'] })] });
    const after = described({ steps: [step('b'), step('a')] });
    expect(diffDefinitions(before, after)).toEqual([
      'step b: after was ["a"], and is []',
      'the steps were in the order a, b, and are in the order b, a',
    ]);
  });
});
