/** The hard cases of the protocol that are about timers, duplicates, cancels, deadlines and the way back. */
import { describe, it } from '@jest/globals';
import { nextDue, outstanding, type SagaData, type StepData, sagaDefinition } from '@skald/kernel';
import { cancel, lateReply, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, undone, nothingToUndo } = outcomes;

const once = { attempts: 1, delay: 10, jitter: 0 };
const twice = { attempts: 2, delay: 10, jitter: 0 };
const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: once, compensationRetry: twice, run: () => ({ participant: 'shop', action: id, args: [id] }) },
  ...more,
});
const saga = (steps: readonly StepData[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });

const one = saga([step('charge')]);
const two = saga([step('charge'), step('ship')]);
const branches = saga([step('a', { after: [] }), step('b', { after: [], retry: { ...twice, delay: 50 } }), step('c', { after: [] })]);
const withPivot = saga([step('charge'), step('ship', { pivot: true }), step('notify')], { deadline: 1_000 });

describe('timers', () => {
  it('A1: a wake that comes twice, early or for nothing changes nothing', () => {
    given(one)
      .when(start(one), wake(99))
      .thenNothing()
      .when(wake(100))
      .then('StepTimedOut', 'CompensationStarted', 'CompensationRequested');
    given(one).when(start(one), wake(100), wake(100)).thenNothing();
  });

  it('A1: everything that is owed has a time at which its silence is noticed', () => {
    const { state } = given(two).when(start(two));
    if (nextDue(state) !== 100) throw new Error(`falls due at ${nextDue(state)}`);
  });

  it('A1: all that is due is decided in one wake, the earliest first', () => {
    given(branches)
      .when(start(branches), wake(100))
      .then(
        'StepTimedOut',
        'StepTimedOut',
        'StepRetryScheduled',
        'StepTimedOut',
        'CompensationStarted',
        ...Array<'CompensationRequested'>(3).fill('CompensationRequested'),
      );
  });

  it('a deadline that passes in the same wake is not overtaken by another attempt of the pivot', () => {
    const definition = saga([step('ship', { pivot: true, retry: { ...twice, delay: 20, on: ['Declined'] } })], { deadline: 50 });
    given(definition)
      .when(start(definition), reply('ship', declined, { at: 40 }))
      .then('StepFailed', ['StepRetryScheduled', { dueAt: 60 }])
      .when(wake(60))
      .then('DeadlinePassed', 'CompensationStarted', 'SagaFailed');
  });
});

describe('duplicates', () => {
  it('A9: a repeated reply records nothing and owes nothing anew', () => {
    const spec = given(two).when(start(two), reply('charge', succeeded));
    const { revision } = spec.state;
    spec.when(reply('charge', succeeded)).thenNothing('duplicate');
    if (outstanding(spec.state, revision).length > 0) throw new Error('it sends again');
  });

  it('a reply of another life of the saga, or to a step it does not know, is stray', () => {
    given(two)
      .when(start(two), reply('charge', succeeded, { incarnation: 'before' }))
      .thenNothing('stray');
    given(two).when(start(two), reply('refund', succeeded)).thenNothing('stray');
  });

  it('a start is answered once more by its id; the same input finds the saga, another is refused', () => {
    const spec = given(two).when(start(two), start(two)).thenNothing().thenAnswers({ accepted: true, revision: 0 });
    spec
      .when(start(two, { request: 'other' }))
      .thenNothing()
      .thenAnswers({ accepted: true, revision: 1, existing: true });
    spec.when(start(two, { request: 'third', input: { total: 1 } })).thenNothing();
    spec.thenAnswers({ accepted: false, code: 'saga-exists', details: { existing: '{}', given: '{"total":1}' } });
  });
});

describe('a cancel', () => {
  const inPivot = () => given(withPivot).when(start(withPivot), reply('charge', succeeded));

  it('A3: waits for a pivot in flight, and is refused when it succeeds', () => {
    const spec = inPivot().when(cancel()).then('CancelRequested').thenAnswers({ accepted: true, revision: 4, pending: true });
    spec.when(reply('ship', succeeded)).then('StepSucceeded', 'CancelRefused', 'StepRequested').when(cancel());
    spec.thenAnswers({ accepted: false, code: 'past-pivot' });
  });

  it('A3: waits for a pivot in flight, and applies when it fails', () => {
    inPivot()
      .when(cancel(), reply('ship', declined))
      .then(
        'StepFailed',
        ['CompensationStarted', { reason: { type: 'cancelled', reason: 'changed my mind', by: 'caller' } }],
        'CompensationRequested',
      );
  });

  it('A3: waits for a pivot in doubt, which is sealed', () => {
    inPivot()
      .when(cancel(), wake(100))
      .then('StepTimedOut', 'StepSealRequested')
      .when(reply('ship', { type: 'sealed' }, { at: 150 }));
  });

  it('A3: is refused past the pivot, on the way back, and after the end', () => {
    inPivot().when(reply('ship', succeeded), cancel()).thenNothing().thenAnswers({ accepted: false, code: 'past-pivot' });
    given(one).when(start(one), wake(100), cancel()).thenNothing().thenAnswers({ accepted: false, code: 'already-compensating' });
    given(one)
      .when(start(one), reply('charge', succeeded), cancel())
      .thenAnswers({ accepted: false, code: 'saga-ended', details: { status: 'completed' } });
  });

  it('B18: is a way out of a suspended saga', () => {
    given(one).when(start(one), operator('suspend'), cancel()).then('CancelRequested', 'CompensationStarted').thenStands('compensating');
  });

  it('B22: a repeat gets the first answer', () => {
    const spec = inPivot().when(cancel());
    spec.when(cancel()).thenNothing().thenAnswers({ accepted: true, revision: 4, pending: true });
  });
});

describe('the deadline', () => {
  it('A3: before the pivot turns the saga back', () => {
    const definition = saga([step('charge'), step('ship', { pivot: true })], { deadline: 50 });
    given(definition).when(start(definition), wake(50)).then('DeadlinePassed', 'CompensationStarted');
  });

  it('A3: waits for a pivot in flight, is an alarm when that succeeds, and applies when it fails', () => {
    const definition = saga([step('ship', { pivot: true }), step('notify')], { deadline: 50 });
    const spec = given(definition)
      .when(start(definition), wake(50))
      .then(['DeadlinePassed', { pastPivot: false }]);
    given(definition, ...spec.history)
      .when(reply('ship', succeeded))
      .then('StepSucceeded', 'StepRequested');
    given(definition, ...spec.history)
      .when(reply('ship', declined))
      .then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('A3: past the pivot is an alarm and nothing else', () => {
    const definition = saga([step('ship', { pivot: true }), step('notify')], { deadline: 50 });
    given(definition)
      .when(start(definition), reply('ship', succeeded), wake(50))
      .then(['DeadlinePassed', { pastPivot: true }]);
  });
});

describe('the way back', () => {
  it('B19: ends backoffs at once, awaits what is in flight until its timeout, and holds up nothing that is independent', () => {
    const spec = given(branches).when(start(branches), reply('a', succeeded), wake(100));
    spec.then(
      'StepTimedOut',
      'StepRetryScheduled',
      'StepTimedOut',
      'CompensationStarted',
      ...Array<'CompensationRequested'>(3).fill('CompensationRequested'),
    );
    const waits = given(branches)
      .when(start(branches), reply('a', succeeded), reply('c', declined))
      .then('StepFailed', 'CompensationStarted', 'CompensationRequested');
    waits
      .thenOwes('action b', 'compensation a')
      .when(wake(100))
      .then('StepTimedOut', ['CompensationFailed', { step: 'a' }], ['CompensationRequested', { step: 'b' }]);
  });

  it('B19: awaits nothing for ever: where a step names no time it has 60 seconds, to act and to undo', () => {
    const patient = sagaDefinition({
      name: 'order',
      version: 1,
      steps: [{ id: 'charge', run: () => ({ participant: 'bank', action: 'charge', args: [] }) }],
    });
    given(patient)
      .when(start(patient), cancel(5))
      .thenOwes('action charge')
      .when(wake(59_999))
      .thenNothing()
      .when(wake(60_000))
      .then('StepTimedOut', ['CompensationRequested', { dueAt: 120_000 }]);
  });

  it('B28: undoes a success that comes after its turn at once, out of order, and says so', () => {
    const spec = given(two).when(start(two), reply('charge', succeeded), wake(100), reply('ship', nothingToUndo));
    spec.then('CompensationSucceeded', ['CompensationRequested', { step: 'charge' }]);
    spec.when(lateReply('ship', succeeded)).then(['StepSucceeded', { late: true }], ['CompensationRequested', { step: 'ship', round: 2 }]);
    spec
      .thenOwes('compensation charge', 'compensation ship')
      .when(reply('charge', undone), reply('ship', undone))
      .then('CompensationSucceeded', 'SagaCompensated');
  });

  it('B28: with nothing to undo ends failed; cancelled, it says cancelled', () => {
    given(one).when(start(one), reply('charge', declined)).thenStands('failed');
    given(one).when(start(one), cancel(), reply('charge', declined)).then('StepFailed', 'SagaCancelled').thenStands('cancelled');
  });
});
