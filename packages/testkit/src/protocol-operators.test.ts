/** The hard cases of the protocol that are about operators, and about code that throws. */
import { describe, it } from '@jest/globals';
import { nextDue, SagaAborted } from '@skald/kernel';
import { fault, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { saga, step } from './sagas-of-steps.js';
import { given } from './specification.js';

const { succeeded, declined, undone } = outcomes;

const one = saga(step('charge'));
const two = saga(step('charge'), step('ship'));
const withPivot = saga(step('charge'), step('ship', { pivot: true }), step('notify'));

describe('what an operator declared', () => {
  const parked = () =>
    given(withPivot)
      .when(start(withPivot), reply('charge', succeeded), reply('ship', succeeded), wake(100))
      .then('StepTimedOut', 'SagaSuspended');

  it('A11: done stays done when its success comes after all', () => {
    parked()
      .when(operator('succeed', 'step:notify', { result: 1 }))
      .then('OperatorIntervened', 'SagaCompleted')
      .when(reply('notify', { ...succeeded, result: 1 }))
      .thenNothing('duplicate');
  });

  it('A11: done, with another result than its success brings, raises an alarm and undoes nothing', () => {
    parked()
      .when(operator('succeed', 'step:notify', { result: 1 }), reply('notify', { ...succeeded, result: 2 }))
      .thenNothing('conflict')
      .thenStands('completed');
  });

  it('A11: skipped is undone when its success comes after all, and the saga ends again as it had', () => {
    const spec = parked().when(operator('skip', 'step:notify')).then('OperatorIntervened', 'SagaCompleted');
    spec.when(reply('notify', succeeded)).then(['StepSucceeded', { late: true }], ['CompensationRequested', { step: 'notify' }]);
    spec.when(reply('notify', undone)).then('CompensationSucceeded', 'SagaCompleted');
  });

  it('A3: past the pivot a failure waits for a person, and its success resolves it', () => {
    parked().thenStands('suspended').when(reply('notify', succeeded)).then('StepSucceeded', 'SagaCompleted');
  });
});

describe('operators', () => {
  it('B18: hold a saga: answers are recorded, nothing is requested, timers stand still and go on later', () => {
    const spec = given(two)
      .when(start(two), operator('suspend', undefined, { at: 40 }))
      .then('OperatorIntervened')
      .thenStands('suspended');
    spec
      .when(wake(500))
      .thenNothing()
      .when(reply('charge', succeeded, { at: 500 }))
      .then('StepSucceeded')
      .thenOwes();
    spec
      .when(operator('resume', undefined, { at: 600 }))
      .then('OperatorIntervened', 'StepRequested')
      .thenStands('running');
    const held = given(two).when(start(two), operator('suspend', undefined, { at: 40 }), operator('resume', undefined, { at: 540 }));
    if (held.command('charge').dueAt !== 600 || nextDue(held.state) !== 600) throw new Error('the timeout did not stand still');
  });

  it('B18: hold a saga on its way back, which then ends only when they let it go', () => {
    const spec = given(one)
      .when(start(one), wake(100), operator('suspend'), reply('charge', undone))
      .then('CompensationSucceeded')
      .thenStands('suspended');
    spec.when(operator('resume')).then('OperatorIntervened', 'SagaCompensated').thenStands('compensated');
  });

  it('B18: ask for no undo while they hold a saga, whatever they hear', () => {
    const three = saga(step('charge'), step('pack'), step('ship'));
    const back = () => given(three).when(start(three), reply('charge', succeeded), reply('pack', succeeded), reply('ship', declined));
    back()
      .thenOwes('compensation pack')
      .when(operator('suspend'), reply('pack', undone))
      .then('CompensationSucceeded')
      .thenOwes()
      .when(operator('resume'))
      .then('OperatorIntervened', ['CompensationRequested', { step: 'charge' }]);
    back()
      .when(reply('pack', declined), operator('suspend', undefined, { at: 5 }), wake(1_000))
      .thenNothing()
      .when(operator('resume', undefined, { at: 1_000 }), wake(1_004))
      .thenNothing()
      .when(wake(1_005))
      .then(['CompensationRequested', { step: 'pack', attempt: 2 }]);
  });

  it('B18: what is parked stops only what depends on it', () => {
    const past = [
      step('ship', { pivot: true }),
      step('a', { after: ['ship'] }),
      step('b', { after: ['ship'] }),
      step('c', { after: ['b'] }),
    ];
    const definition = saga(...past);
    given(definition)
      .when(start(definition), reply('ship', succeeded), reply('a', declined))
      .then('StepFailed', 'SagaSuspended')
      .when(reply('b', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'c' }]);
  });

  it('B28: end a saga as it stands, whatever it is doing, and nothing follows', () => {
    given(two)
      .when(start(two), operator('terminate'))
      .then('SagaTerminated')
      .thenStands('terminated')
      .thenOwes()
      .when(reply('charge', succeeded))
      .thenNothing('stray');
  });

  it('B22: are refused when what they looked at was parked anew, and answered as before when they ask twice', () => {
    const definition = saga(step('ship', { pivot: true }), step('notify'));
    const spec = given(definition).when(start(definition), reply('ship', succeeded), reply('notify', declined));
    const seen = spec.state.revision;
    spec.when(operator('retry', 'step:notify', { seen, request: 'o1' }), reply('notify', declined));
    spec
      .when(operator('retry', 'step:notify', { seen, request: 'o2' }))
      .thenNothing()
      .thenAnswers({ accepted: false, code: 'target-moved', details: { target: 'step:notify' } });
    spec
      .when(operator('retry', 'step:notify', { seen, request: 'o1' }))
      .thenNothing()
      .thenAnswers({ accepted: true, revision: seen + 1 });
  });
});

describe('code that throws', () => {
  it('A17: suspends its saga and loses no fact; mended, it goes on', () => {
    let broken = true;
    const run = () => {
      if (broken) throw new Error('a bug');
      return { participant: 'shop', action: 'ship', args: [] };
    };
    const definition = saga(step('charge'), step('ship', { run }));
    const spec = given(definition).when(start(definition), reply('charge', succeeded));
    spec
      .then('StepSucceeded', ['SagaSuspended', { target: 'program', error: { name: 'Error', message: 'a bug' } }])
      .thenStands('suspended');
    spec.when(operator('resume', undefined, { request: 'o1' })).then('OperatorIntervened', 'SagaSuspended');
    broken = false;
    spec
      .when(operator('resume', undefined, { request: 'o2' }))
      .then('OperatorIntervened', 'StepRequested')
      .thenStands('running');
  });

  it('A17: in a compensation parks that one, and the others go on', () => {
    const run = () => {
      throw new Error('a bug');
    };
    const definition = saga(
      step('a', { after: [], compensation: { name: 'undo', run } }),
      step('b', { after: [] }),
      step('c', { after: ['a', 'b'] }),
    );
    given(definition)
      .when(start(definition), reply('a', succeeded), reply('b', succeeded), reply('c', declined))
      .then('StepFailed', 'CompensationStarted', ['CompensationRequested', { step: 'b' }], ['SagaSuspended', { target: 'compensation:a' }]);
  });

  it('A17: that aborts on purpose turns the saga back instead', () => {
    const when = () => {
      throw new SagaAborted('too dear');
    };
    const definition = saga(step('charge'), step('ship', { when }));
    given(definition)
      .when(start(definition), reply('charge', succeeded))
      .then('StepSucceeded', 'CompensationStarted', 'CompensationRequested');
  });

  it('A16: a decision that cannot be stored suspends the saga, once', () => {
    given(one)
      .when(start(one), fault())
      .then(['SagaSuspended', { target: 'program' }])
      .when(fault())
      .thenNothing();
  });
});
