/** Failures that the saga handles at its pivot, and past it. */
import { describe, it } from '@jest/globals';
import { type StepEntry, sagaDefinition } from '@skald/kernel';
import { cancel, outcomes, reply, start } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, sealedInDoubt, undone, unknowable } = outcomes;

const retry = { attempts: 1, delay: 10, jitter: 0 };
const step = (id: string, after: readonly string[] | undefined, more: object = {}): StepEntry => ({
  ...{ id, timeout: 100, retry, compensationRetry: retry, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...(after && { after }),
  ...more,
});
const saga = (steps: readonly StepEntry[]) => sagaDefinition({ name: 'order', version: 1, steps });

describe('past the pivot', () => {
  const pivotal = saga([
    ...[step('pay', [], { pivot: true }), step('payLater', undefined, { instead: 'pay', pivot: true })],
    ...[
      step('print', ['pay']),
      step('mail', undefined, { instead: 'print' }),
      step('thank', ['pay'], { optional: true }),
      step('file', ['pay']),
    ],
  ]);
  const paid = () => given(pivotal).when(start(pivotal), reply('pay', succeeded));

  it('failures are caught as well, and what cannot be caught waits for a person', () => {
    paid()
      .when(...[1, 2, 3].flatMap((day) => [reply('print', declined, { at: day })]), reply('thank', declined))
      .then('StepFailed', ['StepFailureCaught', { step: 'thank' }])
      .thenOwes('action file', 'action mail')
      .when(reply('file', declined))
      .then('StepFailed', ['SagaSuspended', { target: 'step:file' }]);
  });

  it('what an interrupted run may have done is undone before its alternative begins', () => {
    paid()
      .when(reply('print', unknowable), reply('print', sealedInDoubt))
      .then('StepSealed', 'StepFailureCaught', ['CompensationRequested', { step: 'print' }])
      .when(reply('print', undone))
      .then('CompensationSucceeded', ['StepRequested', { step: 'mail' }]);
  });

  it('stands the saga too when an alternative of the pivot succeeds, and not before', () => {
    const unpaid = () => given(pivotal).when(start(pivotal), reply('pay', declined));
    unpaid()
      .then('StepFailed', ['StepFailureCaught', { step: 'pay', by: 'payLater' }], ['StepRequested', { step: 'payLater' }])
      .when(reply('payLater', succeeded), cancel())
      .thenAnswers({ accepted: false, code: 'past-pivot' });
    unpaid()
      .when(cancel(), reply('payLater', declined))
      .then(
        'StepFailed',
        ['CompensationStarted', { reason: { type: 'cancelled', reason: 'changed my mind', by: 'caller' } }],
        'SagaCancelled',
      );
  });
});
