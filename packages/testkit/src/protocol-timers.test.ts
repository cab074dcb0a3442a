/** Steps that wait for a time. */
import { describe, expect, it } from '@jest/globals';
import { nextDue, SagaAborted, type SagaData, type StepEntry, sagaDefinition, type TimerData } from '@skald/kernel';
import { cancel, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined } = outcomes;
const YEAR = 365 * 86_400_000;

const step = (id: string, after: readonly string[] = [], pivot = false): StepEntry => ({
  ...{ id, after, pivot, timeout: 100, retry: { attempts: 1 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
});
const waits = (time: TimerData['time'], after: readonly string[] = []): TimerData => ({ kind: 'timer', id: 'wait', after, time });
const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });
const coolOff = saga([step('charge'), waits(1_000, ['charge']), step('ship', ['wait'])]);

describe('a step that waits', () => {
  it('begins when its turn comes, asks nobody, and what follows begins when it fires', () => {
    given(coolOff)
      .when(start(coolOff), reply('charge', succeeded, { at: 50 }))
      .then('StepSucceeded', ['TimerSet', { step: 'wait', after: ['charge'], dueAt: 1_050 }])
      .thenOwes()
      .when(wake(1_049))
      .thenNothing()
      .when(wake(1_050))
      .then('TimerFired', ['StepRequested', { step: 'ship' }])
      .when(wake(1_050))
      .thenNothing();
  });

  it('waits until a date, years ahead, that its method computes', () => {
    const definition = saga([waits(() => new Date(50 * YEAR))]);
    const { state } = given(definition)
      .when(start(definition))
      .then('SagaStarted', ['TimerSet', { dueAt: 50 * YEAR }]);
    if (nextDue(state) !== 50 * YEAR) throw new Error(`falls due at ${nextDue(state)}`);
  });

  it('does not wait for a time that has come', () => {
    const definition = saga([waits(() => new Date(5))]);
    given(definition)
      .when(start(definition, { at: 10 }))
      .then('SagaStarted', ['TimerSet', { dueAt: 5 }], 'TimerFired', 'SagaCompleted');
  });

  it('does not wait where its guard says no, or its method aborts the saga', () => {
    const guarded = saga([{ ...waits(1_000), when: () => false }]);
    given(guarded).when(start(guarded)).then('SagaStarted', 'StepSkipped', 'SagaCompleted');
    const aborts = saga([
      waits(() => {
        throw new SagaAborted('too late');
      }),
    ]);
    given(aborts).when(start(aborts)).then('SagaStarted', 'CompensationStarted', 'SagaFailed');
  });

  it('suspends its saga when its method answers no time', () => {
    const definition = saga([waits(() => new Date(Number.NaN))]);
    given(definition)
      .when(start(definition))
      .then('SagaStarted', ['SagaSuspended', { target: 'program' }]);
  });
});

describe('a step that waits and the way back', () => {
  const beside = saga([step('charge'), waits(1_000)]);

  it('B19: it ends at once when the saga turns back, and is never undone', () => {
    given(beside)
      .when(start(beside), reply('charge', declined))
      .then('StepFailed', 'CompensationStarted', 'SagaFailed')
      .when(wake(1_000))
      .thenNothing();
    given(coolOff)
      .when(start(coolOff), reply('charge', succeeded), wake(1_000), reply('ship', declined, { at: 1_000 }))
      .then('StepFailed', 'CompensationStarted', ['CompensationRequested', { step: 'charge' }])
      .thenOwes('compensation charge');
  });

  it('B19: a cancel and the deadline end it', () => {
    const spec = given(coolOff).when(start(coolOff), reply('charge', succeeded), cancel());
    spec.then('CancelRequested', 'CompensationStarted', 'CompensationRequested');
    // Nobody is woken at its time.
    expect([...spec.state.timers.keys()]).toEqual(['compensation:charge']);
    const short = saga([waits(1_000)], { deadline: 500 });
    given(short).when(start(short), wake(500)).then('DeadlinePassed', 'CompensationStarted', 'SagaFailed');
  });

  it('past the pivot it goes on when the deadline passes', () => {
    const definition = saga([step('ship', [], true), waits(1_000, ['ship'])], { deadline: 500 });
    given(definition)
      .when(start(definition), reply('ship', succeeded), wake(500))
      .then(['DeadlinePassed', { pastPivot: true }])
      .when(wake(1_000))
      .then('TimerFired', 'SagaCompleted');
  });
});

describe('a step that waits and an operator', () => {
  const waiting = () => given(coolOff).when(start(coolOff), reply('charge', succeeded));

  it('B18: stands still while the saga is suspended, and waits longer by as much', () => {
    waiting()
      .when(operator('suspend', undefined, { at: 400 }), wake(1_000))
      .thenNothing()
      .when(operator('resume', undefined, { at: 2_000 }), wake(2_599))
      .thenNothing()
      .when(wake(2_600))
      .then('TimerFired', 'StepRequested');
  });

  it('is moved to another time, which is recorded', () => {
    const moved = waiting().when(operator('move', 'step:wait', { at: 100, dueAt: 5_000 }));
    moved
      .then(['OperatorIntervened', { action: 'move', target: 'step:wait', dueAt: 5_000 }])
      .when(wake(1_000))
      .thenNothing();
    moved.when(wake(5_000)).then('TimerFired', 'StepRequested');
  });

  it('is not moved when it does not wait, to no time, or while the saga is suspended', () => {
    const refused = (why: string, possible: string) =>
      ({ accepted: false, code: 'action-not-possible', details: { target: 'step:wait', action: 'move', why, possible } }) as const;
    const move = operator('move', 'step:wait', { dueAt: 5_000 });
    given(coolOff)
      .when(start(coolOff), move)
      .then('RequestRefused')
      .thenAnswers(refused('it waits for no time', 'cancel, deadline, suspend, terminate'));
    waiting().when(operator('move', 'step:wait')).thenAnswers(refused('no time is named', 'move'));
    waiting()
      .when(operator('suspend'), move)
      .thenAnswers(refused('timers stand still while the saga is suspended', 'cancel, resume, terminate'));
  });

  it('ends when the saga is terminated', () => {
    const { state } = waiting().when(operator('terminate')).then('SagaTerminated').thenStands('terminated');
    if (state.timers.size > 0 || state.steps.get('wait')?.status !== 'stopped') throw new Error('it still waits');
  });
});
