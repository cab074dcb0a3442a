/** The hard cases of the protocol that are about what a participant's answer, or its silence, means. */
import { describe, expect, it } from '@jest/globals';
import { lateReply, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { saga, step, twice } from './sagas-of-steps.js';
import { given } from './specification.js';

const { succeeded, declined, rolledBack, reset, undone, nothingToUndo, sealed, sealedInDoubt, refused, unknowable } = outcomes;

const refund = { name: 'refund', run: () => ({ participant: 'bank', action: 'refund', args: [] }) };

const one = saga(step('charge'));
const own = saga(step('charge', { compensation: refund }));
const ownThenShip = saga(step('charge', { compensation: refund }), step('ship'));

describe('a failure', () => {
  it('A4: that is declared did not happen, and nothing is undone', () => {
    given(one).when(start(one), reply('charge', declined)).then('StepFailed', 'CompensationStarted', 'SagaFailed').thenStands('failed');
  });

  it('A4: that was rolled back did not happen, and nothing is undone', () => {
    given(one).when(start(one), reply('charge', rolledBack)).then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('A4: of any other kind may have happened, and is undone', () => {
    given(one)
      .when(start(one), reply('charge', reset))
      .then(['StepFailed', { effect: 'unknown' }], 'CompensationStarted', 'CompensationRequested')
      .thenOwes('compensation charge');
  });

  it('A4: a timeout may have happened, and is undone', () => {
    given(one).when(start(one), wake(100)).then('StepTimedOut', 'CompensationStarted', 'CompensationRequested');
  });

  it('A4: rolled back after an attempt in doubt leaves the doubt', () => {
    const definition = saga(step('charge', { retry: twice }));
    given(definition)
      .when(start(definition), wake(100), wake(110), reply('charge', rolledBack))
      .then('StepFailed', 'CompensationStarted', 'CompensationRequested');
  });

  it('A13: a refusal is known not to have happened, and what was undone already is not tried again', () => {
    const definition = saga(step('charge', { retry: twice }));
    given(definition)
      .when(start(definition), reply('charge', { type: 'refused', reason: 'undone' }))
      .then(['StepFailed', { kind: 'refused', effect: 'none' }], 'CompensationStarted', 'SagaFailed');
  });

  it('A12: of a key too old to be remembered is unknown and not tried again; its undo, as little known, waits for a person', () => {
    const definition = saga(step('charge', { retry: twice }));
    given(definition)
      .when(start(definition), reply('charge', unknowable))
      .then(['StepFailed', { effect: 'unknown' }], 'CompensationStarted', 'CompensationRequested')
      .when(reply('charge', unknowable))
      .then('CompensationFailed', ['SagaSuspended', { target: 'compensation:charge' }])
      .thenOwes();
  });
});

describe('attempts and rounds', () => {
  const definition = saga(step('charge', { retry: { ...twice, on: ['Declined', 'Timeout'] } }));

  it('B21: a success of an earlier attempt counts', () => {
    given(definition)
      .when(start(definition), wake(100), wake(110), reply('charge', succeeded, { attempt: 1 }))
      .then('StepSucceeded', 'SagaCompleted');
  });

  it('B21: a technical failure of an earlier attempt tells nothing of the one in flight', () => {
    given(definition)
      .when(start(definition), wake(100), wake(110), reply('charge', rolledBack, { attempt: 1 }))
      .thenNothing('stray');
  });

  it('B21: a business failure of an earlier attempt is final for the key', () => {
    const [key, next] = ['order-1/i1/charge', 'order-1/i1/charge#2'];
    const thrice = saga(step('charge', { retry: { ...twice, attempts: 3, on: ['Declined', 'Timeout'] } }));
    const spec = given(thrice).when(start(thrice));
    if (spec.command('charge').key !== key) throw new Error('another key');
    spec.when(wake(100), wake(110)).then(['StepRequested', { round: 1, attempt: 2 }]);
    spec.when(reply('charge', declined, { attempt: 1 })).then('StepFailed', ['StepRetryScheduled', { round: 2, attempt: 1 }]);
    spec.when(wake(130)).then(['StepRequested', { round: 2, attempt: 1 }]);
    if (spec.command('charge').key !== next) throw new Error('round 2 is under the key of round 1');
  });

  it('B21: of an undo too: a failure of an earlier attempt tells nothing of the one in flight, and its success counts', () => {
    const again = () => given(one).when(start(one), wake(100), reply('charge', reset), wake(110));
    again()
      .then(['CompensationRequested', { attempt: 2 }])
      .when(reply('charge', reset, { attempt: 1 }))
      .thenNothing('stray')
      .when(reply('charge', undone, { attempt: 1 }))
      .then('CompensationSucceeded', 'SagaCompensated');
    // What an undo in an earlier round answered is known.
    const second = again().when(reply('charge', nothingToUndo), lateReply('charge', succeeded));
    second.then('StepSucceeded', ['CompensationRequested', { round: 2 }]);
    second
      .when(reply('charge', undone, { undoRound: 1 }))
      .thenNothing('stray')
      .thenOwes('compensation charge');
  });

  it('round 2 opens only after a failure the fence recorded: a step that was rolled back is asked again under its key', () => {
    const past = saga(step('ship', { pivot: true }), step('notify'));
    given(past)
      .when(start(past), reply('ship', succeeded), reply('notify', rolledBack))
      .then('StepFailed', ['SagaSuspended', { target: 'step:notify' }])
      .when(operator('retry', 'step:notify'))
      .then('OperatorIntervened', ['StepRequested', { round: 1, attempt: 2 }]);
  });

  it('round 2 opens when an operator asks again for a step that declined', () => {
    const past = saga(step('ship', { pivot: true }), step('notify'));
    given(past)
      .when(start(past), reply('ship', succeeded), reply('notify', declined), operator('retry', 'step:notify'))
      .then('OperatorIntervened', ['StepRequested', { round: 2, attempt: 1 }])
      .when(reply('notify', succeeded, { round: 1 }))
      .thenNothing('conflict');
  });
});

describe('a compensation', () => {
  it('A6: of an unknown outcome goes by key, with the action’s arguments and without a result', () => {
    const { key, args, operation, result } = given(one).when(start(one), wake(100)).command('charge');
    const fits = key === 'order-1/i1/charge' && operation === 'compensation' && args[0] === 'charge' && result === undefined;
    if (!fits) throw new Error(`${operation} ${key} ${JSON.stringify(args)} ${JSON.stringify(result)}`);
  });

  it('A6: of a known outcome carries its result', () => {
    const definition = saga(step('charge'), step('ship'));
    const saga_ = given(definition).when(start(definition), reply('charge', { ...succeeded, result: 7 }), reply('ship', declined));
    if (saga_.command('charge').result !== 7) throw new Error('no result');
  });

  it('A10: at another participant waits until the action is sealed', () => {
    given(own)
      .when(start(own), wake(100))
      .then('StepTimedOut', 'CompensationStarted', 'StepSealRequested')
      .thenOwes('seal charge')
      .when(reply('charge', sealed))
      .then('StepSealed', 'SagaFailed');
  });

  it('A10: at another participant follows a seal that tells of a success', () => {
    given(own)
      .when(start(own), wake(100), reply('charge', succeeded))
      .then(['StepSucceeded', { step: 'charge' }], ['CompensationRequested', { command: refund.run() }])
      .thenOwes('compensation charge');
  });

  it('A10: at another participant follows a seal in doubt, and once more a success that shows up after it', () => {
    const spec = given(own).when(start(own), wake(100), reply('charge', sealedInDoubt)).then('StepSealed', 'CompensationRequested');
    spec.when(reply('charge', succeeded)).then('CompensationSucceeded', 'SagaCompensated');
    spec.when(reply('charge', succeeded)).then(['StepSucceeded', { late: true }], ['CompensationRequested', { round: 2 }]);
    if (spec.command('charge').key !== 'order-1/i1/charge:undo#2') throw new Error('the second undo is under the key of the first');
    spec
      .when(reply('charge', succeeded))
      .then('CompensationSucceeded', 'SagaCompensated')
      .when(reply('charge', succeeded))
      .thenNothing('duplicate');
  });

  it('A10: refused as sealed says nothing while the seal’s own answer is awaited, which alone knows of a doubt', () => {
    given(own)
      .when(start(own), wake(100), reply('charge', refused, { operation: 'action', attempt: 1 }))
      .thenNothing('stray')
      .thenOwes('seal charge');
  });

  it('A10: a success that ended after its undo is undone in a second round, once, and the saga ends again', () => {
    const spec = given(one).when(start(one), wake(100), reply('charge', undone)).then('CompensationSucceeded', 'SagaCompensated');
    const afterUndo = lateReply('charge', { ...succeeded, afterUndo: 1 });
    spec.when(afterUndo).then(['StepSucceeded', { afterUndo: 1, late: true }], ['CompensationRequested', { round: 2, attempt: 1 }]);
    spec.when(afterUndo).thenNothing('duplicate').thenStands('compensating');
    if (spec.command('charge').undoRound !== 2) throw new Error('the second undo would be swallowed by the fence');
    spec.when(reply('charge', undone)).then('CompensationSucceeded', 'SagaCompensated').thenStands('compensated');
  });

  it('A10: a success that ended after its undo and is heard of before it opens the second round as well', () => {
    given(one)
      .when(start(one), wake(100), lateReply('charge', { ...succeeded, afterUndo: 1 }))
      .then('StepSucceeded')
      .when(reply('charge', undone))
      .then('CompensationSucceeded', ['CompensationRequested', { round: 2 }]);
  });

  it('A10: a success that its undo found done tells nothing new', () => {
    given(one).when(start(one), wake(100), reply('charge', undone), reply('charge', succeeded)).thenNothing('duplicate');
  });

  it('A10: a success that its undo did not find is undone, and the saga ends again', () => {
    given(one)
      .when(start(one), wake(100), reply('charge', nothingToUndo), reply('charge', succeeded))
      .then(['StepSucceeded', { late: true }], ['CompensationRequested', { round: 2 }]);
  });

  it('A10: as is one that comes while its undo is under way, which then did not find it', () => {
    given(one)
      .when(start(one), wake(100), lateReply('charge', succeeded))
      .then(['StepSucceeded', { late: true }])
      .when(reply('charge', nothingToUndo))
      .then(['CompensationSucceeded', { executed: false }], ['CompensationRequested', { round: 2 }])
      .when(reply('charge', undone))
      .then('CompensationSucceeded', 'SagaCompensated');
  });

  it('A10: in a new round is asked in that round also where the saga’s own code failed at first to say what to ask', () => {
    let fails = false;
    const run = () => {
      if (fails) throw new Error('not now');
      return { participant: 'bank', action: 'refund', args: [] };
    };
    const fickle = saga(step('charge', { compensation: { name: 'refund', run } }));
    const spec = given(fickle).when(start(fickle), wake(100), reply('charge', sealedInDoubt), reply('charge', succeeded));
    spec.then('CompensationSucceeded', 'SagaCompensated');
    fails = true;
    spec.when(lateReply('charge', succeeded)).then('StepSucceeded', ['SagaSuspended', { target: 'compensation:charge' }]);
    fails = false;
    spec.when(operator('retry', 'compensation:charge')).then('OperatorIntervened', ['CompensationRequested', { round: 2, attempt: 1 }]);
  });

  it('is tried again and then waits for a person, who can have it tried, skip it or declare it done', () => {
    const spec = given(ownThenShip).when(start(ownThenShip), reply('charge', succeeded), reply('ship', declined), reply('charge', reset));
    spec
      .then(['CompensationFailed', { attempt: 1, retryAt: 10 }])
      .when(wake(10))
      .then(['CompensationRequested', { attempt: 2 }]);
    spec.when(reply('charge', declined)).then('CompensationFailed', 'SagaSuspended').thenStands('suspended');
    const history = [...spec.history];
    spec.when(operator('retry', 'compensation:charge')).then('OperatorIntervened', ['CompensationRequested', { round: 1, attempt: 3 }]);
    given(ownThenShip, ...history)
      .when(operator('skip', 'compensation:charge'))
      .then('OperatorIntervened', ['SagaCompensated', { withSkips: true }]);
    given(ownThenShip, ...history)
      .when(operator('succeed', 'compensation:charge'))
      .then('OperatorIntervened', ['SagaCompensated', {}]);
  });
});

describe('a command', () => {
  it('A12: says when its key was first asked for: of an undo that goes by the action’s key, when the action was', () => {
    const again = saga(step('charge', { retry: twice }));
    const spec = given(again).when(start(again), wake(100), wake(110));
    expect(spec.command('charge')).toMatchObject({ attempt: 2, firstRequestedAt: 0 });
    spec.when(wake(210));
    expect(spec.command('charge')).toMatchObject({ operation: 'compensation', firstRequestedAt: 0 });

    const other = given(own).when(start(own), wake(100));
    expect(other.command('charge')).toMatchObject({ operation: 'seal', firstRequestedAt: 0 });
    other.when(reply('charge', sealedInDoubt));
    expect(other.command('charge')).toMatchObject({ key: 'order-1/i1/charge:undo', attempt: 1, firstRequestedAt: 100 });
    other.when(reply('charge', reset), wake(110));
    expect(other.command('charge')).toMatchObject({ key: 'order-1/i1/charge:undo', attempt: 2, firstRequestedAt: 100 });
  });
});
