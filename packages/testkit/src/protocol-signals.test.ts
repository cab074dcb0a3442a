/** Steps that wait for a signal. */
import { describe, it } from '@jest/globals';
import { nextDue, SagaAborted, type SagaData, type SignalData, type StepEntry, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined } = outcomes;

const step = (id: string, after: readonly string[] = [], pivot = false): StepEntry => ({
  ...{ id, after, pivot, timeout: 100, retry: { attempts: 1 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
});
function approve(payload: unknown): unknown {
  if (payload === 'no') throw new SagaAborted('not this one');
  if (payload === 'bug') throw new Error('the code is broken');
  return { said: payload };
}
const approval = (more: Partial<SignalData> = {}): SignalData => ({
  ...{ kind: 'signal', id: 'approval', after: [], receive: approve },
  ...more,
});
const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });

const order = saga([step('charge'), approval({ after: ['charge'], timeout: 1_000 }), step('ship', ['approval'])]);
const waiting = () => given(order).when(start(order), reply('charge', succeeded));
const one = saga([approval()]);

describe('a step that waits for a signal', () => {
  it('begins when its turn comes, owes nobody anything, and is settled by what the saga makes of the payload', () => {
    waiting()
      .then('StepSucceeded', ['SignalAwaited', { step: 'approval', round: 1, signal: 'approval', dueAt: 1_000 }])
      .thenOwes()
      .when(signal('approval', 'yes', { by: 'anna' }))
      .then(
        ['SignalReceived', { id: 'approval 1', name: 'approval', payload: 'yes', by: 'anna' }],
        ['StepSucceeded', { step: 'approval', signal: 'approval 1', result: { said: 'yes' } }],
        ['StepRequested', { step: 'ship' }],
      )
      .thenAnswers({ accepted: true, revision: 4 });
  });

  it('fails when the saga says no to the payload, and the saga turns back', () => {
    waiting()
      .when(signal('approval', 'no'))
      .then(
        'SignalReceived',
        ['StepFailed', { step: 'approval', signal: 'approval 1', error: { name: 'SagaAborted', message: 'not this one' }, effect: 'none' }],
        'CompensationStarted',
        ['CompensationRequested', { step: 'charge' }],
      )
      .thenOwes('compensation charge');
  });

  it('fails by the name Timeout when nothing comes in time, or is skipped where it says so', () => {
    waiting()
      .when(wake(999))
      .thenNothing()
      .when(wake(1_000))
      .then('StepTimedOut', ['CompensationStarted', { reason: timedOut }], 'CompensationRequested');
    const optional = saga([approval({ timeout: 1_000, onTimeout: 'skip' })]);
    given(optional)
      .when(start(optional), wake(1_000))
      .then(['StepSkipped', { step: 'approval', reason: 'timeout' }], 'SagaCompleted');
  });

  it('waits for ever without a timeout', () => {
    const { state } = given(one).when(start(one));
    if (nextDue(state) !== undefined) throw new Error(`falls due at ${nextDue(state)}`);
  });

  it('is suspended with its saga when the code that takes the payload is broken; the signal is kept for the mended code', () => {
    const broken = given(one).when(start(one), signal('approval', 'bug'));
    broken.then('SignalReceived', ['SagaSuspended', { target: 'program' }]);
    given(saga([approval({ receive: (payload) => payload })]), ...broken.history)
      .when(operator('retry', 'program'))
      .then('OperatorIntervened', ['StepSucceeded', { result: 'bug' }], 'SagaCompleted');
  });

  it('waits on when its schema refuses a payload, and takes the next', () => {
    const validate = (value: unknown) => (value === 'yes' ? { value } : { issues: [{ message: 'must be yes' }] });
    const strict = saga([approval({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })]);
    given(strict)
      .when(start(strict), signal('approval', 7))
      .then('SignalReceived', [
        'SignalDiscarded',
        { signal: 'approval 1', error: { name: 'InvalidSignal', message: '(value): must be yes' } },
      ])
      .when(signal('approval', 'yes', { request: '2' }))
      .then('SignalReceived', ['StepSucceeded', { signal: '2' }], 'SagaCompleted');
  });

  it('leaves a schema that is async to whoever sends', () => {
    const validate = async () => ({ issues: [{ message: 'never' }] });
    const late = saga([approval({ schema: { '~standard': { version: 1, vendor: 'test', validate } } })]);
    given(late).when(start(late), signal('approval', 'yes')).then('SignalReceived', 'StepSucceeded', 'SagaCompleted');
  });
});

const timedOut = { type: 'failed', step: 'approval', error: { name: 'Timeout', message: 'no signal approval in time' } } as const;

describe('signals', () => {
  const twice = saga([approval({ id: 'first', signal: 'say' }), approval({ id: 'second', signal: 'say', after: ['first'] })]);

  it('that come early are kept, and taken in the order of their arrival', () => {
    const early = saga([step('charge'), ...twice.steps.map((one) => ({ ...one, after: one.after.length > 0 ? one.after : ['charge'] }))]);
    given(early)
      .when(start(early), signal('say', 1, { request: 'b' }), signal('say', 2, { request: 'a' }))
      .then('SignalReceived')
      .when(reply('charge', succeeded))
      .then(
        'StepSucceeded',
        'SignalAwaited',
        ['StepSucceeded', { step: 'first', signal: 'b', result: { said: 1 } }],
        'SignalAwaited',
        ['StepSucceeded', { step: 'second', signal: 'a', result: { said: 2 } }],
        'SagaCompleted',
      );
  });

  it('B25: that come again are dropped by name and id, and answered as before', () => {
    const spec = given(twice).when(start(twice), signal('say', 1));
    spec.when(signal('say', 2)).thenNothing('duplicate').thenAnswers({ accepted: true, revision: 2 });
    spec
      .when(signal('other', 1, { request: 'say 1' }))
      .then('SignalReceived')
      .thenStands('running');
  });

  it('are taken one each by steps that wait side by side', () => {
    const beside = saga([approval({ id: 'first', signal: 'say' }), approval({ id: 'second', signal: 'say' })]);
    given(beside)
      .when(start(beside), signal('say', 1))
      .then('SignalReceived', ['StepSucceeded', { step: 'first' }])
      .when(signal('say', 2, { request: '2' }))
      .then('SignalReceived', ['StepSucceeded', { step: 'second' }], 'SagaCompleted');
  });

  it('B25: are refused where there is no saga, and where it has ended or turned back', () => {
    given(one).when(signal('approval')).thenNothing().thenAnswers({ accepted: false, code: 'saga-not-found' });
    given(one)
      .when(start(one), signal('approval', 'yes'), signal('approval', 'yes', { request: '2' }))
      .thenNothing()
      .thenAnswers({ accepted: false, code: 'saga-ended', details: { status: 'completed' } });
    waiting().when(cancel(), signal('approval')).thenNothing().thenAnswers({ accepted: false, code: 'already-compensating' });
  });

  it('are refused when a thousand are kept that nobody has taken', () => {
    const spec = given(one).when(start(one), operator('suspend'));
    const crowd = given(one, ...spec.history, ...Array.from({ length: 1_000 }, (_, n) => received(n)));
    crowd.when(signal('approval')).thenNothing();
    crowd.thenAnswers({ accepted: false, code: 'too-many-signals', details: { limit: '1000' } });
  });

  const received = (n: number) => ({ type: 'SignalReceived', at: 0, data: { id: `${n}`, name: 'approval' } }) as const;
});

describe('a step that waits for a signal, and the way back', () => {
  it('B19: ends at once when the saga turns back, and is never undone', () => {
    const beside = saga([step('charge'), approval()]);
    given(beside).when(start(beside), reply('charge', declined)).then('StepFailed', 'CompensationStarted', 'SagaFailed');
    given(order)
      .when(start(order), reply('charge', succeeded), signal('approval', 'yes'), reply('ship', declined))
      .then('StepFailed', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }])
      .thenOwes('compensation charge');
  });

  it('B18: what comes while the saga is suspended is kept, and taken when it goes on; its time stands still', () => {
    const held = waiting()
      .when(operator('suspend', undefined, { at: 400 }), wake(1_000))
      .thenNothing();
    given(order, ...held.history)
      .when(operator('resume', undefined, { at: 2_000 }), wake(2_599))
      .thenNothing()
      .when(wake(2_600))
      .then('StepTimedOut', 'CompensationStarted', 'CompensationRequested');
    held
      .when(signal('approval', 'yes', { at: 1_500 }))
      .then('SignalReceived')
      .when(operator('resume', undefined, { at: 2_000 }))
      .then('OperatorIntervened', 'StepSucceeded', 'StepRequested');
  });

  it('is moved by an operator where it has a time', () => {
    waiting()
      .when(operator('move', 'step:approval', { dueAt: 5_000 }), wake(1_000))
      .thenNothing()
      .when(wake(5_000))
      .then('StepTimedOut', 'CompensationStarted', 'CompensationRequested');
  });

  it('past the pivot a refusal, or silence, is for a person: waits anew, is passed over, or is told what was said', () => {
    const late = saga([step('ship', [], true), approval({ after: ['ship'], timeout: 1_000 })]);
    const parked = given(late).when(start(late), reply('ship', succeeded), signal('approval', 'no'));
    parked.then('SignalReceived', 'StepFailed', ['SagaSuspended', { target: 'step:approval' }]);
    given(late, ...parked.history)
      .when(operator('retry', 'step:approval', { at: 100 }))
      .then('OperatorIntervened', ['SignalAwaited', { round: 2, dueAt: 1_100 }])
      .when(signal('approval', 'yes', { request: '2', at: 200 }))
      .then('SignalReceived', ['StepSucceeded', { round: 2, signal: '2' }], 'SagaCompleted');
    given(late, ...parked.history)
      .when(operator('skip', 'step:approval'))
      .then('OperatorIntervened', 'SagaCompleted');
    given(late, ...parked.history)
      .when(operator('succeed', 'step:approval', { result: 1 }))
      .then('OperatorIntervened', 'SagaCompleted');
  });
});
