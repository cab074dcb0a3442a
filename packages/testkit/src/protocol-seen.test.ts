/** B22: what an operator's action is about is what the operator saw, also where that only waits. */
import { describe, expect, it } from '@jest/globals';
import { actionsOf, type SagaData, type SagaState, sagaDefinition, type Task } from '@skald/kernel';
import { operator, outcomes, reply, signal, start } from './made-up-messages.js';
import { given, type Specification } from './specification.js';

const { deferred } = outcomes;
const saga = (steps: SagaData['steps']) => sagaDefinition({ name: 'order', version: 1, steps });
const moved = { accepted: false, code: 'target-moved', details: { target: 'step:scan' } } as const;
const seenNow = ({ state }: Specification) => actionsOf(state).targets.find(({ target }) => target === 'step:scan')?.seen ?? Number.NaN;

describe('B22: what an operator saw', () => {
  const retry = { attempts: 3, delay: 0, jitter: 0, on: ['Broken'] };
  const run = () => ({ participant: 'shop', action: 'scan', args: [] });
  const scanned = saga([{ id: 'scan', run, callback: { timeout: 1_000 }, retry }]);
  const failed = ({ incarnation, steps, at }: SagaState): Task => {
    const round = steps.get('scan')?.round ?? 1;
    const error = { name: 'Broken', message: 'no' };
    return { type: 'task', at, request: `fail ${round}`, incarnation, step: 'scan', round, action: 'fail', error };
  };

  it('of a step in other hands: their word about one round is not taken for the next', () => {
    const spec = given(scanned).when(start(scanned), reply('scan', deferred)).then('StepDeferred');
    const seen = seenNow(spec);
    spec.when(failed).then('StepFailed', 'StepRetryScheduled');
    spec.when({ type: 'wake', at: 0 }, reply('scan', deferred)).then(['StepDeferred', { round: 2 }]);
    spec
      .when(operator('succeed', 'step:scan', { seen }))
      .thenNothing()
      .thenAnswers(moved)
      .thenStands('running');
    expect(seenNow(spec)).toBeGreaterThan(seen);
    spec.when(operator('succeed', 'step:scan', { seen: seenNow(spec), request: 'second' })).then('OperatorIntervened', 'SagaCompleted');
  });

  it('of a step that waits for a signal: a move that was meant for one wait does not touch another', () => {
    const waits = saga([
      { id: 'scan', kind: 'signal', timeout: 100 },
      { id: 'ship', run },
    ]);
    const spec = given(waits).when(start(waits)).then('SagaStarted', 'SignalAwaited');
    const seen = seenNow(spec);
    const move = (about: number, request: string) => operator('move', 'step:scan', { dueAt: 900, seen: about, request });
    spec.when(signal('other', 1)).then('SignalReceived');
    expect(seenNow(spec)).toBe(seen);
    spec
      .when(move(seen + 1, 'astray'))
      .thenNothing()
      .thenAnswers(moved);
    spec.when(move(seen, 'm1')).then('OperatorIntervened');
    expect(spec.state.timers.get('step:scan')).toBe(900);
  });

  it('of a step that waits for a time is shown with what can be done', () => {
    const waits = saga([
      { id: 'scan', kind: 'timer', time: 100 },
      { id: 'ship', run },
    ]);
    const spec = given(waits).when(start(waits)).then('SagaStarted', 'TimerSet');
    expect(actionsOf(spec.state).targets).toEqual([{ target: 'step:scan', actions: ['move'], seen: 1 }]);
  });
});
