/** What operators may do, what they may not, and what is remembered of it. */
import { describe, expect, it } from '@jest/globals';
import { actionsOf, type SagaData, type SagaEvent, type SagaState, type StepData, sagaDefinition, type Target } from '@skald/kernel';
import { cancel, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, undone, sealed, sealedInDoubt, reset } = outcomes;
const expired = { type: 'refused', reason: 'expired' } as const;

const once = { attempts: 1, delay: 10, jitter: 0 };
const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: once, compensationRetry: once, run: () => ({ participant: 'shop', action: id, args: [id] }) },
  ...more,
});
const saga = (steps: SagaData['steps'], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });
const argsOf = (spec: ReturnType<typeof given>, id: string): readonly unknown[] => spec.command(id).args;

const withPivot = saga([step('charge'), step('ship', { pivot: true }), step('notify')]);
const pastPivot = () => given(withPivot).when(start(withPivot), reply('charge', succeeded), reply('ship', succeeded));
const patch = (target: Target, args: readonly unknown[] = ['right'], more = {}) => operator('patch', target, { args, ...more });

describe('a patched step', () => {
  it('A4: is asked at once under a new key where the old one is closed', () => {
    const spec = pastPivot().when(reply('notify', declined)).then('StepFailed', 'SagaSuspended');
    spec.when(patch('step:notify')).then(['OperatorIntervened', { args: ['right'] }], ['StepRequested', { round: 2, attempt: 1 }]);
    expect(spec.command('notify')).toMatchObject({ args: ['right'], key: 'order-1/i1/notify#2' });
    spec.when(reply('notify', succeeded)).then('StepSucceeded', 'SagaCompleted');
  });

  it('A4: has its open key sealed first, since a copy with the old arguments may still be under way', () => {
    const spec = pastPivot().when(wake(100)).then('StepTimedOut', 'SagaSuspended');
    spec.when(patch('step:notify')).then('OperatorIntervened', 'StepSealRequested').thenOwes('seal notify');
    spec.when(reply('notify', sealed)).then('StepSealed', ['StepRequested', { round: 2, attempt: 1 }]);
    expect(argsOf(spec, 'notify')).toEqual(['right']);
  });

  it('A4: is not asked again where the seal tells that it had happened, and where its participant had refused it, it is', () => {
    const spec = () => pastPivot().when(wake(100), patch('step:notify'));
    spec().when(reply('notify', succeeded)).then('StepSucceeded', 'SagaCompleted');
    const refused = spec()
      .when(reply('notify', declined))
      .then('StepFailed', ['StepRequested', { round: 2 }]);
    expect(argsOf(refused, 'notify')).toEqual(['right']);
  });

  it('A4: waits for a person again where the seal leaves it in doubt; a patch then is their word that nothing came of it', () => {
    const spec = pastPivot().when(wake(100), patch('step:notify'), reply('notify', sealedInDoubt)).then('StepSealed', 'SagaSuspended');
    spec.when(patch('step:notify', ['righter'], { request: 'second' })).then('OperatorIntervened', ['StepRequested', { round: 2 }]);
    expect(argsOf(spec, 'notify')).toEqual(['righter']);
  });

  it('keeps its arguments over retries of the round, and over rounds that an operator opens', () => {
    const spec = pastPivot().when(reply('notify', declined), patch('step:notify'), reply('notify', declined));
    spec.when(operator('retry', 'step:notify')).then('OperatorIntervened', ['StepRequested', { round: 3 }]);
    expect(argsOf(spec, 'notify')).toEqual(['right']);
  });

  it('is not patched once it turns back, and asks nothing while the saga is held', () => {
    const pivot = saga([step('ship', { pivot: true })]);
    const spec = given(pivot).when(start(pivot), reply('ship', outcomes.unknowable)).then('StepFailed', 'SagaSuspended');
    spec.when(operator('suspend'), patch('step:ship')).then('OperatorIntervened');
    spec.when(cancel()).then('CancelRequested', 'StepSealRequested');
    spec.when(reply('ship', sealed)).then('StepSealed', 'CompensationStarted', 'SagaCancelled');
  });

  it('is refused where there is nobody to ask with arguments', () => {
    const told = saga([step('ship', { pivot: true }), { kind: 'signal', id: 'told', timeout: 50 }]);
    given(told)
      .when(start(told), reply('ship', succeeded), wake(50))
      .then('StepTimedOut', 'SagaSuspended')
      .when(patch('step:told'))
      .then(['RequestRefused', { code: 'action-not-possible' }])
      .thenAnswers({
        accepted: false,
        code: 'action-not-possible',
        details: { target: 'step:told', action: 'patch', why: 'it asks nobody', possible: 'retry, skip, succeed' },
      });
  });
});

describe('a patched compensation', () => {
  const failing = (own: boolean) => {
    const run = () => ({ participant: 'bank', action: 'refund', args: ['wrong'] });
    const definition = saga([step('charge', own ? { compensation: { name: 'refund', run } } : {}), step('ship')]);
    const parked = given(definition).when(start(definition), reply('charge', succeeded), reply('ship', declined), wake(100));
    return parked.then('CompensationFailed', 'SagaSuspended').when(patch('compensation:charge'));
  };

  it('is asked with the new arguments under its key, by which it is done once at most', () => {
    const theirs = failing(false).then('OperatorIntervened', ['CompensationRequested', { round: 1, attempt: 2 }]);
    expect(theirs.command('charge')).toMatchObject({ operation: 'compensation', args: ['right'], key: 'order-1/i1/charge' });
    const own = failing(true).then('OperatorIntervened', ['CompensationRequested', { round: 1, attempt: 2 }]);
    expect(own.command('charge')).toMatchObject({ action: 'refund', args: ['right'], key: 'order-1/i1/charge:undo' });
    own.when(reply('charge', succeeded)).then('CompensationSucceeded', 'SagaCompensated');
  });

  it('is refused where the saga’s own code has not said what to ask', () => {
    const run = () => {
      throw new Error('broken');
    };
    const definition = saga([step('charge', { compensation: { name: 'refund', run } }), step('ship')]);
    given(definition)
      .when(start(definition), reply('charge', succeeded), reply('ship', declined))
      .when(patch('compensation:charge'))
      .then(['RequestRefused', { code: 'action-not-possible' }]);
  });
});

describe('a deadline that is moved', () => {
  const definition = saga([step('charge', { timeout: 10_000 }), step('ship', { pivot: true, timeout: 10_000 }), step('notify')], {
    deadline: 1_000,
  });
  const move = (dueAt?: number, more = {}) => operator('deadline', undefined, { ...(dueAt !== undefined && { dueAt }), ...more });

  it('passes at the new time, and not at the old', () => {
    given(definition)
      .when(start(definition), move(2_000), wake(1_000))
      .thenNothing()
      .when(wake(2_000))
      .then('DeadlinePassed', 'CompensationStarted');
    given(definition).when(start(definition), move(500), wake(500)).then('DeadlinePassed', 'CompensationStarted');
    given(definition).when(start(definition), move(), wake(9_999)).thenNothing();
  });

  it('goes with what is sent from then on', () => {
    const spec = given(definition).when(start(definition), move(2_000));
    expect(spec.command('charge').validUntil).toBe(2_000);
    expect(given(definition).when(start(definition), move()).command('charge').validUntil).toBeUndefined();
  });

  it('does not make a step fail by a copy that said the earlier one: it is asked again under a new key, whatever its policy', () => {
    const spec = given(definition).when(start(definition), move(5_000, { at: 900 }));
    spec
      .when(reply('charge', expired, { at: 1_001 }))
      .then('StepFailed', ['StepRetryScheduled', { round: 2 }])
      .when(wake(1_011))
      .then(['StepRequested', { round: 2 }]);
    expect(spec.command('charge').validUntil).toBe(5_000);
    // The new key was never sent with another time: whether it is tried again its policy says.
    spec.when(reply('charge', expired)).then('StepFailed', 'CompensationStarted', 'SagaFailed');
    given(definition).when(start(definition), reply('charge', expired)).then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('is an alarm past the pivot, at the new time', () => {
    given(definition)
      .when(start(definition), reply('charge', succeeded), reply('ship', succeeded), move(50), wake(50))
      .then(['DeadlinePassed', { pastPivot: true }]);
  });

  it('is refused when it has passed, has turned back, stands still, or is not there', () => {
    const refused = (spec: ReturnType<typeof given>, why: string, at?: number) => {
      spec.when(move(at, { request: why })).then(['RequestRefused', { code: 'action-not-possible' }]);
      expect(spec.history.at(-1)?.data).toMatchObject({ details: { why } });
    };
    const begun = () => given(definition).when(start(definition));
    refused(begun().when(reply('charge', succeeded), wake(1_000)), 'its deadline has passed', 9);
    refused(begun().when(reply('charge', succeeded), reply('ship', declined)), 'it has turned back', 9);
    refused(begun().when(operator('suspend')), 'timers stand still while the saga is suspended', 9);
    refused(given(withPivot).when(start(withPivot)), 'it has no deadline');
  });
});

describe('a request that was refused', () => {
  it('B22: stays refused when it comes again, though it would be possible by then', () => {
    const spec = given(withPivot)
      .when(start(withPivot), operator('resume'))
      .then(['RequestRefused', { code: 'not-parked' }]);
    spec.when(operator('suspend')).then('OperatorIntervened').thenStands('suspended');
    spec
      .when(operator('resume'))
      .thenNothing()
      .thenAnswers({ accepted: false, code: 'not-parked', details: { target: 'the saga' } });
    spec
      .thenStands('suspended')
      .when(operator('resume', undefined, { request: 'another' }))
      .then('OperatorIntervened')
      .thenStands('running');
  });

  it('B22: since the saga had ended, stays refused when a success reopens it', () => {
    const ended = pastPivot().when(reply('notify', declined), operator('skip', 'step:notify')).thenStands('completed');
    const answer = { accepted: false, code: 'saga-ended', details: { status: 'completed' } } as const;
    ended
      .when(operator('terminate'))
      .then(['RequestRefused', { code: 'saga-ended' }])
      .thenAnswers(answer);
    ended.when(reply('notify', succeeded)).then('StepSucceeded', 'CompensationRequested').thenStands('compensating');
    ended.when(operator('terminate')).thenNothing().thenAnswers(answer).thenStands('compensating');
    ended.when(operator('terminate', undefined, { request: 'another' })).then('SagaTerminated');
  });

  it('B22: is not recorded where it can never be possible', () => {
    given(withPivot).when(start(withPivot), operator('terminate'), operator('retry', 'step:ship')).thenNothing();
    pastPivot().when(cancel()).thenNothing().thenAnswers({ accepted: false, code: 'past-pivot' });
    const parked = pastPivot().when(reply('notify', declined));
    parked.when(operator('retry', 'step:notify', { seen: 1 })).thenNothing();
    given(withPivot).when(operator('suspend')).thenNothing();
  });

  it('asks nothing of the program', () => {
    let asked = 0;
    const guarded = saga([step('charge'), step('ship', { after: [], when: () => ++asked < 0 })]);
    const spec = given(guarded).when(start(guarded));
    const before = asked;
    spec.when(operator('resume')).then('RequestRefused');
    expect(asked).toBe(before);
  });

  it('is remembered a thousand times by one saga', () => {
    const begun = given(withPivot).when(start(withPivot)).history;
    const refusals = Array.from({ length: 999 }, (_, nth): SagaEvent => {
      const refused = { request: `r${nth}`, action: 'resume', by: 'operator', reason: 'looked at it', code: 'not-parked' } as const;
      return { type: 'RequestRefused', at: 0, data: refused };
    });
    const spec = given(withPivot, ...begun, ...refusals);
    spec.when(operator('resume', undefined, { request: 'last' })).then('RequestRefused');
    spec.when(operator('resume')).thenNothing();
  });
});

describe('what can be done', () => {
  const shown = (state: SagaState) => {
    const { saga: whole, targets } = actionsOf(state);
    return [whole.join(' '), ...targets.map(({ target, actions }) => `${target}: ${actions.join(' ')}`)];
  };

  it('follows where the saga stands', () => {
    const waits = saga([step('charge'), { kind: 'timer', id: 'later', time: 50 }, step('ship', { pivot: true }), step('notify')], {
      deadline: 1_000,
    });
    const spec = given(waits).when(start(waits));
    expect(shown(spec.state)).toEqual(['cancel deadline suspend terminate']);
    spec.when(reply('charge', succeeded));
    expect(shown(spec.state)).toEqual(['cancel deadline suspend terminate', 'step:later: move']);
    spec.when(operator('suspend'));
    expect(shown(spec.state)).toEqual(['cancel resume terminate']);
    spec.when(operator('resume'), wake(50), reply('ship', succeeded), reply('notify', declined));
    expect(shown(spec.state)).toEqual(['deadline suspend terminate', 'step:notify: retry patch skip succeed']);
    spec.when(operator('skip', 'step:notify'));
    expect(shown(spec.state)).toEqual(['']);
  });

  it('of a saga that turned back or ended', () => {
    const two = saga([step('charge'), step('ship')]);
    const spec = given(two).when(start(two), reply('charge', succeeded), reply('ship', declined));
    expect(shown(spec.state)).toEqual(['suspend terminate']);
    spec.when(reply('charge', reset), wake(200));
    expect(shown(spec.state)).toEqual(['suspend terminate', 'compensation:charge: retry patch skip succeed']);
    spec.when(operator('retry', 'compensation:charge'), reply('charge', undone)).thenStands('compensated');
    expect(shown(spec.state)).toEqual(['start-again']);
  });

  it('B18: what is independent of a step that is parked goes on, and what an operator holds does not', () => {
    const branches = saga([
      step('ship', { pivot: true }),
      step('a', { after: 'ship' }),
      step('b', { after: 'ship' }),
      step('c', { after: 'b' }),
    ]);
    const spec = given(branches).when(start(branches), reply('ship', succeeded), reply('a', declined)).thenStands('suspended');
    spec
      .when(reply('b', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'c' }])
      .thenStands('suspended');
    const held = given(branches).when(start(branches), reply('ship', succeeded), operator('suspend'));
    held.when(reply('b', succeeded)).then('StepSucceeded').when(signal('x')).then('SignalReceived').when(wake(9_999)).thenNothing();
  });
});
