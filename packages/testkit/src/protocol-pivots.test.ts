/** The hard cases of the protocol that are about a pivot of which nobody knows whether it happened. */
import { describe, expect, it } from '@jest/globals';
import { cancel, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { saga, step } from './sagas-of-steps.js';
import { given } from './specification.js';

const { succeeded, rolledBack, sealed, sealedInDoubt, unknowable } = outcomes;

const pivot = saga(step('ship', { pivot: true }));

describe('an unknown pivot', () => {
  it('A3: is sealed, never compensated on doubt', () => {
    given(pivot).when(start(pivot), wake(100)).then('StepTimedOut', 'StepSealRequested').when(reply('ship', sealed));
  });

  it('A3: is sealed even when its last attempt was rolled back, for a copy of the command may still run', () => {
    given(pivot).when(start(pivot), reply('ship', rolledBack)).then('StepFailed', 'StepSealRequested').thenOwes('seal ship');
  });

  it('A3: whose seal tells of a success completes the saga', () => {
    given(pivot).when(start(pivot), wake(100), reply('ship', succeeded)).then('StepSucceeded', 'SagaCompleted');
  });

  it('A3: whose seal is in doubt waits for a person, who says whether it happened', () => {
    const spec = given(pivot).when(start(pivot), wake(100), reply('ship', sealedInDoubt)).then('StepSealed', 'SagaSuspended');
    const history = [...spec.history];
    given(pivot, ...history)
      .when(operator('succeed', 'step:ship'))
      .then('OperatorIntervened', 'SagaCompleted');
    // From then on there is no way back.
    const past = saga(step('ship', { pivot: true }), step('notify'));
    given(past)
      .when(start(past), wake(100), reply('ship', sealedInDoubt), operator('succeed', 'step:ship'))
      .then('OperatorIntervened', ['StepRequested', { step: 'notify' }])
      .when(cancel())
      .thenAnswers({ accepted: false, code: 'past-pivot' });
    given(pivot, ...history)
      .when(operator('fail', 'step:ship'))
      .then('OperatorIntervened', 'CompensationStarted', 'SagaFailed');
    given(pivot, ...history)
      .when(operator('skip', 'step:ship'))
      .then(['RequestRefused', { code: 'action-not-possible' }]);
  });

  it('A3: whose seal gives up waits for a person; tried again it is sealed again, not run', () => {
    const spec = given(pivot).when(start(pivot), wake(100), wake(200), wake(210), wake(310));
    spec.then('StepSealFailed', ['SagaSuspended', { target: 'step:ship' }]).thenOwes();
    spec
      .when(operator('retry', 'step:ship', { at: 400 }))
      .then('OperatorIntervened', 'StepSealRequested')
      .thenOwes('seal ship');
  });

  it('A12: whose key is too old to be remembered waits for a person', () => {
    given(pivot)
      .when(start(pivot), reply('ship', unknowable))
      .then('StepFailed', ['SagaSuspended', { target: 'step:ship' }]);
  });

  it('A12: whose seal finds the key too old waits for a person at once: to ask again would tell no more', () => {
    const spec = given(pivot).when(start(pivot), wake(100)).thenOwes('seal ship').when(reply('ship', unknowable));
    spec.then('StepSealFailed', ['SagaSuspended', { target: 'step:ship' }]).thenOwes();
    expect(spec.state.timers.size).toBe(0);
  });
});
