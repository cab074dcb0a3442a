/** Steps whose unknown outcome is found out before the saga turns back. */
import { describe, it } from '@jest/globals';
import { type StepEntry, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, rolledBack, reset, sealed, sealedInDoubt, undone } = outcomes;

const retry = { attempts: 2, delay: 10, jitter: 0 };
const step = (id: string, more: object = {}): StepEntry => ({
  ...{ id, timeout: 100, retry: { attempts: 1 }, compensationRetry: retry, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const order = sagaDefinition({ name: 'order', version: 1, steps: [step('reserve'), step('charge', { onUnknown: 'probe' }), step('ship')] });
const charging = () => given(order).when(start(order), reply('reserve', succeeded));
const timedOut = () => charging().when(wake(100));

describe('a step that is probed when its outcome is unknown', () => {
  it('is asked about once its retries are through, and the saga goes on where it has happened', () => {
    timedOut()
      .then('StepTimedOut', ['StepSealRequested', { step: 'charge' }])
      .thenOwes('seal charge')
      .when(reply('charge', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'ship' }])
      .thenStands('running');
  });

  it('turns the saga back where it has not, with nothing of it to undo', () => {
    timedOut()
      .when(reply('charge', sealed))
      .then('StepSealed', ['CompensationStarted', { reason: timeout }], ['CompensationRequested', { step: 'reserve' }])
      .thenOwes('compensation reserve');
  });

  it('is undone where nobody can tell', () => {
    timedOut()
      .when(reply('charge', sealedInDoubt))
      .then('StepSealed', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }])
      .when(reply('charge', undone))
      .then('CompensationSucceeded', ['CompensationRequested', { step: 'reserve' }]);
  });

  it('is asked about again by the policy of its compensation, and then waits for a person', () => {
    timedOut()
      .when(reply('charge', reset))
      .then(['StepSealFailed', { step: 'charge', retryAt: 110 }])
      .when(wake(110), reply('charge', reset))
      .then('StepSealFailed', ['SagaSuspended', { target: 'step:charge' }])
      .when(operator('succeed', 'step:charge', { result: 'p-1' }))
      .then('OperatorIntervened', ['StepRequested', { step: 'ship' }]);
  });

  it('turns the saga back where a person knows that it failed', () => {
    timedOut()
      .when(reply('charge', reset), wake(110), reply('charge', reset), operator('fail', 'step:charge'))
      .then('OperatorIntervened', 'CompensationStarted', ['CompensationRequested', { step: 'reserve' }]);
  });

  it('is not asked about where its outcome is known', () => {
    charging().when(reply('charge', declined)).then('StepFailed', 'CompensationStarted', 'CompensationRequested');
    charging().when(reply('charge', rolledBack)).then('StepFailed', 'CompensationStarted', 'CompensationRequested');
  });

  it('is asked about no longer when the saga turns back for another reason, and compensated as if it had happened', () => {
    timedOut()
      .when(cancel(150))
      .then('CancelRequested', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }])
      .thenOwes('compensation charge');
  });
});

const timeout = { type: 'failed', step: 'charge', error: { name: 'Timeout', message: 'no answer within 100 ms' } } as const;
