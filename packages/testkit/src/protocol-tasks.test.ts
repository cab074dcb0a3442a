/** Steps that somebody outside ends, by a task token. */
import { describe, it } from '@jest/globals';
import { type SagaData, type SagaState, type StepData, sagaDefinition, type Task } from '@skald/kernel';
import { cancel, fault, lateReply, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, rolledBack, unknowable, sealedInDoubt, undone, deferred } = outcomes;

const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: { attempts: 1 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const callback = { timeout: 1_000, heartbeat: 300 };
const saga = (steps: readonly StepData[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });

function task(id: string, action: Task['action'], more: Partial<Omit<Task, 'type'>> = {}) {
  return ({ incarnation, steps, at }: SagaState): Task => {
    const round = steps.get(id)?.round ?? 1;
    return { ...{ type: 'task', at, request: `${action} ${id}`, incarnation, step: id, round, action }, ...more };
  };
}
const complete = (result: unknown, at = 0) => task('scan', 'complete', { result, at });
const fail = (name: string, at = 0) => task('scan', 'fail', { error: { name, message: 'no' }, at });
const heartbeat = (at: number) => task('scan', 'heartbeat', { at });
const over = (why: string) => ({ accepted: false, code: 'task-over', details: { step: 'scan', why } }) as const;

const order = saga([step('charge'), step('scan', { callback }), step('ship')]);
const asked = (definition = order) => given(definition).when(start(definition), reply('charge', succeeded));
const waiting = (definition = order) => asked(definition).when(reply('scan', deferred));

describe('a step that is answered later', () => {
  it('owes nobody anything from then on, and is settled by its token', () => {
    waiting()
      .then(['StepDeferred', { step: 'scan', round: 1, attempt: 1, dueAt: 1_000, heartbeatAt: 300 }])
      .thenOwes()
      .when(complete({ ok: true }))
      .then(['StepSucceeded', { step: 'scan', result: { ok: true }, task: true }], ['StepRequested', { step: 'ship' }])
      .thenAnswers({ accepted: true, revision: 5 });
  });

  it('K1: a token that comes before the word "later" is the success, and the word then tells nothing new', () => {
    asked().when(complete('early')).then('StepSucceeded', 'StepRequested').when(reply('scan', deferred)).thenNothing('duplicate');
  });

  it('K2: the same said again gets the first answer, anything else is refused', () => {
    waiting()
      .when(complete({ a: 1, b: 2 }), complete({ b: 2, a: 1 }))
      .thenNothing('duplicate')
      .thenAnswers({ accepted: true, revision: 5 })
      .when(complete('another'))
      .thenAnswers(over('it has been used already'))
      .when(fail('Broken'))
      .thenAnswers(over('it has been used already'))
      .when(task('scan', 'heartbeat'))
      .thenAnswers(over('it has been used already'));
  });

  it('K3: a failure by token is known not to have happened: nothing of the step is undone', () => {
    waiting()
      .when(fail('Broken'))
      .then(['StepFailed', { step: 'scan', kind: 'business', effect: 'none', task: true }], 'CompensationStarted', [
        'CompensationRequested',
        { step: 'charge' },
      ])
      .thenOwes('compensation charge');
  });

  it('K3: a failure that the retry policy names opens a new round, with another token', () => {
    const again = saga([step('charge'), step('scan', { callback, retry: { attempts: 2, delay: 10, jitter: 0, on: ['Busy'] } })]);
    waiting(again)
      .when(fail('Busy'))
      .then('StepFailed', ['StepRetryScheduled', { step: 'scan', round: 2, attempt: 1 }])
      .when(wake(10))
      .then(['StepRequested', { step: 'scan', round: 2 }])
      .when(task('scan', 'complete', { round: 1, at: 11 }))
      .thenAnswers(over('it has been used already'))
      .when(reply('scan', deferred), complete('done', 12))
      .then(['StepSucceeded', { round: 2 }], 'SagaCompleted');
  });

  it('B21: nor does the token of an earlier round count for the next, where its participant had said no', () => {
    const again = saga([step('charge'), step('scan', { callback, retry: { attempts: 2, delay: 10, jitter: 0, on: ['Declined'] } })]);
    asked(again)
      .when(reply('scan', declined), wake(10))
      .then(['StepRequested', { step: 'scan', round: 2 }])
      .when(task('scan', 'complete', { round: 1, at: 11 }))
      .thenNothing()
      .thenAnswers(over('the step is tried again, with another token'));
  });

  it('a token of another life, of another step, or of a step without a callback is refused', () => {
    waiting()
      .when(task('scan', 'complete', { incarnation: 'i0' }))
      .thenNothing()
      .thenAnswers(over('the saga knows of no such task'))
      .when(task('charge', 'complete'))
      .thenAnswers({ accepted: false, code: 'task-over', details: { step: 'charge', why: 'the step waits for no task' } });
    given(order).when(complete(1)).thenAnswers({ accepted: false, code: 'saga-not-found' });
  });

  it('K4: a heartbeat puts off the next one, and is recorded only where that is a third of its interval or more', () => {
    waiting()
      .when(heartbeat(99))
      .thenNothing()
      .thenAnswers({ accepted: true, revision: 0 })
      .when(heartbeat(100))
      .then(['HeartbeatReceived', { step: 'scan', heartbeatAt: 400 }])
      .when(wake(399))
      .thenNothing()
      .when(wake(400))
      .then(['StepTimedOut', { step: 'scan', heartbeat: true }], 'CompensationStarted', ['CompensationRequested', { step: 'scan' }]);
  });

  it('a missed heartbeat has a name of its own, and leaves the outcome unknown: it is not tried again, and is undone by its key', () => {
    const patient = saga([
      step('charge'),
      step('scan', { callback, retry: { attempts: 5, delay: 10, on: ['HeartbeatTimeout', 'Timeout'] } }),
    ]);
    waiting(patient)
      .when(wake(300))
      .then(
        ['StepTimedOut', { heartbeat: true }],
        ['CompensationStarted', { reason: { type: 'failed', step: 'scan', error: missed } }],
        'CompensationRequested',
      )
      .thenOwes('compensation scan')
      .when(complete('too late', 301))
      .thenNothing()
      .thenAnswers(over('the saga has turned back'));
  });

  it('its time is up in the end, however many heartbeats come', () => {
    waiting()
      .when(heartbeat(290), heartbeat(580), heartbeat(870), wake(999))
      .thenNothing()
      .when(wake(1_000))
      .then('StepTimedOut', 'CompensationStarted', 'CompensationRequested');
  });

  it('B19: when the saga turns back it ends at once: its token is worth nothing, and it is undone by its key', () => {
    waiting()
      .when(cancel(5))
      .then('CancelRequested', 'CompensationStarted', ['CompensationRequested', { step: 'scan' }])
      .when(complete('too late', 6))
      .thenAnswers(over('the saga has turned back'))
      .when(reply('scan', undone), reply('charge', undone))
      .thenStands('cancelled')
      .when(complete('too late', 7))
      .thenAnswers(over('the saga has ended (cancelled)'));
  });

  it('the word "later" that comes when the saga has turned back says that there may be something to undo', () => {
    asked()
      .when(cancel(5))
      .then('CancelRequested', 'CompensationStarted')
      .thenOwes('action scan')
      .when(reply('scan', deferred))
      .then('StepDeferred', ['CompensationRequested', { step: 'scan' }]);
  });

  it('R3: the word "later" from a run that nobody waited for any more is undone as a late success is', () => {
    const word = lateReply('scan', deferred);
    asked()
      .when(reply('scan', rolledBack), reply('charge', undone))
      .thenStands('compensated')
      .when(word)
      .then(['StepSucceeded', { step: 'scan', late: true }], ['CompensationRequested', { step: 'scan' }])
      .when(word)
      .thenNothing('duplicate');
  });

  it('a second word "later" tells nothing new, nor one after the attempt timed out on the way to the next', () => {
    const again = saga([step('charge'), step('scan', { callback, retry: { attempts: 3, delay: 50, jitter: 0 } })]);
    asked(again)
      .when(wake(100))
      .then('StepTimedOut', 'StepRetryScheduled')
      .when(reply('scan', deferred))
      .then('StepDeferred')
      .when(reply('scan', deferred))
      .thenNothing('duplicate')
      .when(wake(150))
      .thenNothing();
  });

  it('where the step has no callback, "later" is a technical failure', () => {
    given(saga([step('scan')]))
      .when(start(order), reply('scan', deferred))
      .then(['StepFailed', { error: notDeferrable, kind: 'technical', effect: 'unknown' }], 'CompensationStarted', 'CompensationRequested');
  });

  it('stands still while the saga is held: heartbeats are accepted and not needed', () => {
    waiting()
      .when(operator('suspend', undefined, { at: 100 }), wake(5_000))
      .thenNothing()
      .when(heartbeat(5_000))
      .thenNothing()
      .thenAnswers({ accepted: true, revision: 0 })
      .when(operator('resume', undefined, { at: 6_100 }), wake(6_299))
      .thenNothing()
      .when(heartbeat(6_299))
      .then(['HeartbeatReceived', { heartbeatAt: 6_599 }])
      .when(complete('done', 6_300))
      .then('StepSucceeded', 'StepRequested');
  });

  it('an operator gives it more time, or speaks for whoever has the token', () => {
    const plain = saga([step('charge'), step('scan', { callback: { timeout: 1_000 } })]);
    waiting(plain)
      .when(operator('move', 'step:scan', { dueAt: 9_000 }), wake(8_999))
      .thenNothing()
      .when(operator('succeed', 'step:scan', { at: 8_999, result: 'seen' }))
      .then('OperatorIntervened', 'SagaCompleted')
      .when(complete('seen', 9_000))
      .thenAnswers(over('the saga has ended (completed)'));
    waiting(plain)
      .when(operator('fail', 'step:scan'))
      .then('OperatorIntervened', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }]);
    waiting(plain)
      .when(operator('skip', 'step:scan'))
      .then(['RequestRefused', { code: 'action-not-possible' }]);
  });
});

describe('a pivot that is answered later', () => {
  const definition = saga([step('charge'), step('scan', { callback, pivot: true })]);
  const pivot = () => waiting(definition);

  it('A3: keeps a cancel waiting, and its token decides', () => {
    pivot().when(cancel(5)).then('CancelRequested').when(complete('done', 6)).then('StepSucceeded', 'CancelRefused', 'SagaCompleted');
    pivot().when(cancel(5), fail('Broken', 6)).then('StepFailed', 'CompensationStarted', 'CompensationRequested');
  });

  it('A3: is never left in doubt: when its time is up it is sealed, and a person is asked where that cannot tell', () => {
    pivot()
      .when(wake(300))
      .then(['StepTimedOut', { heartbeat: true }], ['StepSealRequested', { step: 'scan' }])
      .when(reply('scan', sealedInDoubt))
      .then('StepSealed', ['SagaSuspended', { target: 'step:scan' }]);
  });

  it('A3: waits for the person who was asked about it, also when the word "later" comes after that', () => {
    asked(definition)
      .when(reply('scan', unknowable))
      .then('StepFailed', ['SagaSuspended', { target: 'step:scan' }])
      .when(lateReply('scan', deferred))
      .thenNothing('stray')
      .thenStands('suspended');
  });

  it('K1: its token still counts while a person is asked', () => {
    pivot().when(wake(300), reply('scan', sealedInDoubt), complete('after all', 301)).then('StepSucceeded', 'SagaCompleted');
  });
});

describe('a deferred step and a broken program', () => {
  it('completes while the program waits for a person, who then lets it go on', () => {
    waiting()
      .when(fault(1), complete('done', 2))
      .then('StepSucceeded')
      .thenStands('suspended')
      .when(operator('retry', 'program', { at: 3 }))
      .then('OperatorIntervened', ['StepRequested', { step: 'ship' }]);
  });
});

const missed = { name: 'HeartbeatTimeout', message: 'no heartbeat within 300 ms' };
const notDeferrable = { name: 'NotDeferrable', message: 'it is to be answered later, and the step has no callback' };
