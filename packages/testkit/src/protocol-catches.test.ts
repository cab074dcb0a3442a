/** Failures that the saga handles: alternatives and optional steps. */
import { describe, it } from '@jest/globals';
import { type SagaData, type StepEntry, sagaDefinition } from '@skald/kernel';
import { cancel, lateReply, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, rolledBack, reset, sealed, sealedInDoubt, undone, unknowable } = outcomes;

const retry = { attempts: 1, delay: 10, jitter: 0 };
const step = (id: string, after: readonly string[] | undefined, more: object = {}): StepEntry => ({
  ...{ id, timeout: 100, retry, compensationRetry: retry, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...(after && { after }),
  ...more,
});
const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });

const order = saga([
  step('charge', []),
  step('invoice', undefined, { instead: 'charge', on: ['Declined', 'Timeout'] }),
  step('ship', ['charge']),
]);
const timedOut = () => given(order).when(start(order), wake(100));
const gift = saga([step('wrap', [], { optional: true }), step('ship', ['wrap'])]);

describe('a step with an alternative', () => {
  it('has it run where it failed with one of the errors that it names; what comes after waits for both', () => {
    given(order)
      .when(start(order), reply('charge', declined))
      .then(
        'StepFailed',
        ['StepFailureCaught', { step: 'charge', by: 'invoice', error: { name: 'Declined', message: 'no' } }],
        ['StepRequested', { step: 'invoice' }],
      )
      .thenOwes('action invoice')
      .when(reply('invoice', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'ship' }])
      .when(reply('ship', succeeded))
      .then('StepSucceeded', 'SagaCompleted');
  });

  it('leaves it out where it succeeds, which is recorded with the reason', () => {
    given(order)
      .when(start(order), reply('charge', succeeded))
      .then('StepSucceeded', ['StepSkipped', { step: 'invoice', reason: 'charge succeeded' }], ['StepRequested', { step: 'ship' }]);
  });

  it('turns the saga back where it failed with another error', () => {
    given(order)
      .when(start(order), reply('charge', { ...declined, error: { name: 'Stolen', message: 'no' } }))
      .then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('is tried to the end of its retries first', () => {
    const patient = saga([
      step('charge', [], { retry: { attempts: 2, delay: 10, jitter: 0 } }),
      step('invoice', [], { instead: 'charge' }),
    ]);
    given(patient).when(start(patient), reply('charge', rolledBack)).then('StepFailed', 'StepRetryScheduled');
  });

  it('takes the first alternative that fits and whose guard has nothing against it; the others are left out', () => {
    const one = (id: string, more: object) => step(id, undefined, { instead: 'charge', ...more });
    const several = saga([
      ...[step('charge', []), one('other', { on: ['Stolen'] }), one('guarded', { when: () => false })],
      ...[one('chosen', { when: () => true }), one('last', {}), step('ship', ['charge'])],
    ]);
    given(several)
      .when(start(several), reply('charge', declined))
      .then(
        'StepFailed',
        ['StepFailureCaught', { by: 'chosen' }],
        ['StepSkipped', { step: 'other', reason: 'chosen stands in for charge' }],
        ['StepSkipped', { step: 'guarded' }],
        ['StepRequested', { step: 'chosen' }],
        ['StepSkipped', { step: 'last' }],
      );
  });

  it('tells the alternative how it failed', () => {
    const told = saga([
      step('charge', []),
      step('invoice', [], { instead: 'charge', run: (_: unknown, { reason }: { reason?: { name: string } }) => command(reason?.name) }),
    ]);
    const command = (why: string | undefined) => ({ participant: 'shop', action: 'invoice', args: [why] });
    const { args } = given(told).when(start(told), reply('charge', declined)).command('invoice');
    if (args[0] !== 'Declined') throw new Error(`the alternative was told ${args[0]}`);
  });

  it('may have alternatives whose own failure has one, or turns the saga back', () => {
    const nested = saga([
      step('a', []),
      step('b', undefined, { instead: 'a' }),
      step('c', undefined, { instead: 'b' }),
      step('d', undefined),
    ]);
    given(nested)
      .when(start(nested), reply('a', declined), reply('b', declined))
      .then('StepFailed', ['StepFailureCaught', { step: 'b', by: 'c' }], ['StepRequested', { step: 'c' }])
      .when(reply('c', declined))
      .then('StepFailed', ['CompensationStarted', { reason: { type: 'failed', step: 'c', error: declined.error } }], 'SagaFailed');
  });

  it('has a signal or a timer in its place as well, and may be a signal itself', () => {
    const human = saga([
      step('charge', []),
      { kind: 'signal', id: 'payCash', instead: 'charge', timeout: 1_000 },
      { kind: 'timer', id: 'patience', instead: 'payCash', on: ['Timeout'], time: 500 },
    ]);
    given(human)
      .when(start(human), reply('charge', declined))
      .then('StepFailed', 'StepFailureCaught', ['SignalAwaited', { step: 'payCash' }])
      .when(wake(1_000))
      .then('StepTimedOut', ['StepFailureCaught', { step: 'payCash', by: 'patience' }], 'TimerSet')
      .when(wake(1_500))
      .then('TimerFired', 'SagaCompleted');
  });
});

describe('a step with an alternative, of which nobody knows how it ended', () => {
  it('is sealed before the alternative begins', () => {
    timedOut()
      .then('StepTimedOut', ['StepSealRequested', { step: 'charge' }])
      .thenOwes('seal charge')
      .when(reply('charge', sealed))
      .then('StepSealed', ['StepFailureCaught', { step: 'charge', by: 'invoice' }], ['StepRequested', { step: 'invoice' }]);
  });

  it('goes on as it would have if it turns out to have succeeded', () => {
    timedOut()
      .when(reply('charge', succeeded))
      .then('StepSucceeded', ['StepSkipped', { step: 'invoice' }], ['StepRequested', { step: 'ship' }]);
  });

  it('is sealed as well where its last attempt was rolled back, since a copy of the command may be under way', () => {
    given(saga([step('charge', []), step('invoice', [], { instead: 'charge' })]))
      .when(start(order), reply('charge', rolledBack))
      .then('StepFailed', 'StepSealRequested');
  });

  it('is undone first where an interrupted run may have had effect; only then does the alternative begin', () => {
    timedOut()
      .when(reply('charge', sealedInDoubt))
      .then('StepSealed', ['StepFailureCaught', { by: 'invoice' }], ['CompensationRequested', { step: 'charge' }])
      .thenOwes('compensation charge')
      .when(reply('charge', undone))
      .then('CompensationSucceeded', ['StepRequested', { step: 'invoice' }]);
  });

  it('is undone again when its success comes after all, and the saga completes only then', () => {
    timedOut()
      .when(reply('charge', sealedInDoubt), reply('charge', undone), reply('invoice', succeeded), reply('ship', succeeded))
      .then('StepSucceeded', 'SagaCompleted');
    timedOut()
      .when(reply('charge', sealed), lateReply('charge', succeeded))
      .then(['StepSucceeded', { step: 'charge', late: true }], ['CompensationRequested', { step: 'charge' }])
      .when(reply('invoice', succeeded), reply('ship', succeeded))
      .then('StepSucceeded')
      .when(reply('charge', undone))
      .then('CompensationSucceeded', 'SagaCompleted');
  });

  it('keeps its own error for the choice of the alternative, whatever became of the seal', () => {
    const patient = saga([
      step('charge', [], { compensationRetry: { attempts: 3, delay: 10, jitter: 0 } }),
      step('invoice', [], { instead: 'charge', on: ['Timeout'] }),
    ]);
    given(patient)
      .when(start(patient), wake(100), reply('charge', reset), wake(110), reply('charge', sealed))
      .then(
        'StepSealed',
        ['StepFailureCaught', { by: 'invoice', error: { name: 'Timeout', message: 'no answer within 100 ms' } }],
        'StepRequested',
      );
  });

  it.each([
    ['retry', ['OperatorIntervened', 'StepSealRequested']],
    ['fail', ['OperatorIntervened', 'StepFailureCaught', 'StepRequested']],
    ['skip', ['OperatorIntervened', 'StepSkipped', 'StepRequested']],
    ['succeed', ['OperatorIntervened', 'StepSkipped', 'StepRequested']],
  ] as const)('waits for a person when it cannot be sealed, who may %s it', (action, events) => {
    timedOut()
      .when(reply('charge', unknowable))
      .then('StepSealFailed', ['SagaSuspended', { target: 'step:charge' }])
      .thenStands('suspended')
      .when(operator(action, 'step:charge'))
      .then(...events)
      .thenStands('running');
  });

  it('waits for a person when what it may have done cannot be undone; the alternative does not begin meanwhile', () => {
    timedOut()
      .when(reply('charge', sealedInDoubt), reply('charge', reset))
      .then('CompensationFailed', ['SagaSuspended', { target: 'compensation:charge' }])
      .thenOwes()
      .when(operator('skip', 'compensation:charge'))
      .then('OperatorIntervened', ['StepRequested', { step: 'invoice' }]);
  });

  it('is undone at once when the saga turns back while it is being sealed', () => {
    timedOut()
      .when(cancel(150))
      .then('CancelRequested', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }])
      .thenOwes('compensation charge')
      .when(reply('charge', undone))
      .then('CompensationSucceeded', 'SagaCancelled');
  });

  it('is undone once when the saga turns back while that is under way', () => {
    timedOut()
      .when(reply('charge', sealedInDoubt), cancel(150))
      .then('CancelRequested', 'CompensationStarted')
      .thenOwes('compensation charge')
      .when(reply('charge', undone))
      .then('CompensationSucceeded', 'SagaCancelled');
  });

  it('is resolved when the operator who held the saga lets it go on', () => {
    timedOut()
      .when(operator('suspend'), reply('charge', sealed))
      .then('StepSealed')
      .when(operator('resume'))
      .then('OperatorIntervened', 'StepFailureCaught', 'StepRequested');
  });
});

describe('an optional step', () => {
  it('fails, and the saga goes on without its result', () => {
    given(gift)
      .when(start(gift), reply('wrap', declined))
      .then('StepFailed', ['StepFailureCaught', { step: 'wrap' }], ['StepRequested', { step: 'ship' }])
      .when(reply('ship', succeeded))
      .then('StepSucceeded', ['SagaCompleted', { output: { ship: undefined } }]);
  });

  it('is sealed first; what it may have done is undone beside what comes next, and before the saga completes', () => {
    given(gift)
      .when(start(gift), wake(100), reply('wrap', sealedInDoubt))
      .then('StepSealed', 'StepFailureCaught', ['CompensationRequested', { step: 'wrap' }], ['StepRequested', { step: 'ship' }])
      .when(reply('ship', succeeded))
      .then('StepSucceeded')
      .when(reply('wrap', undone))
      .then('CompensationSucceeded', 'SagaCompleted');
  });

  it('turns the saga back by an error that is not among those it names', () => {
    const named = saga([step('wrap', [], { optional: ['NoPaper'] })]);
    given(named).when(start(named), reply('wrap', declined)).then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('may be a signal that says no, or does not come', () => {
    const asked = saga([{ kind: 'signal', id: 'advice', timeout: 100, optional: true }, step('ship', ['advice'])]);
    given(asked)
      .when(start(asked), wake(100))
      .then('StepTimedOut', 'StepFailureCaught', ['StepRequested', { step: 'ship' }]);
    given(asked).when(start(asked), signal('advice', 'yes')).then('SignalReceived', 'StepSucceeded', 'StepRequested');
  });
});
