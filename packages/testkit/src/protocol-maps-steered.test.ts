/** Steps that ask for many items: on the way back, past the pivot, and in the hands of an operator. */
import { describe, expect, it } from '@jest/globals';
import type { MapData } from '@skald/kernel';
import { cancel, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { done, map, saga, step, three } from './sagas-of-items.js';
import { given } from './specification.js';

const { succeeded, declined, rolledBack, undone } = outcomes;

describe('a step of many items on the way back', () => {
  const ordered = saga([step('charge'), map(3, { after: ['charge'] }), step('tell', ['ship'])]);
  const all = [start(ordered), reply('charge', succeeded), ...done(0, 1, 2)];

  it('is undone after what depends on it, its items so many at once, and before what it depends on', () => {
    given(ordered)
      .when(...all, reply('tell', declined))
      .thenOwes('compensation ship/2', 'compensation ship/1')
      .when(reply('ship/1', undone))
      .thenOwes('compensation ship/2', 'compensation ship/0')
      .when(reply('ship/2', undone), reply('ship/0', undone))
      .thenOwes('compensation charge')
      .when(reply('charge', undone))
      .thenStands('compensated');
  });

  it('B19: begins no item when the saga is cancelled, waits for those in flight, and undoes what succeeded', () => {
    given(ordered)
      .when(start(ordered), reply('charge', succeeded), ...done(0), cancel())
      .then('CancelRequested', 'CompensationStarted')
      .thenOwes('action ship/1', 'action ship/2')
      .when(...done(1))
      .then('StepSucceeded', ['CompensationRequested', { step: 'ship/1' }])
      .thenOwes('action ship/2', 'compensation ship/1');
  });

  it('turns back at the deadline', () => {
    const short = saga([map(3)], { deadline: 50 });
    given(short)
      .when(start(short), ...done(0), wake(50))
      .then('DeadlinePassed', 'CompensationStarted');
  });

  it("undoes each item by the saga's own method, with the item, its result where there is one, and the input", () => {
    const asked: unknown[] = [];
    const compensation: MapData['compensation'] = {
      name: 'recall',
      run: (item, result, { reason }, index, input) => {
        asked.push([item, result, index, input, reason?.name]);
        return { participant: 'shop', action: 'recall', args: [item] };
      },
    };
    const own = saga([map(2, { compensation }), step('tell', ['ship'])]);
    given(own)
      .when(start(own, { input: 'all' }), ...done(0, 1), reply('tell', declined))
      .thenOwes('compensation ship/1', 'compensation ship/0');
    expect(asked).toEqual([
      ['b', 'r1', 1, 'all', 'Declined'],
      ['a', 'r0', 0, 'all', 'Declined'],
    ]);
  });
});

describe('a step of many items past the pivot', () => {
  const forward = saga([step('pay', [], { pivot: true }), map(4, { after: ['pay'], tolerate: { failures: 1 } })]);
  const begun = () => given(forward).when(start(forward), reply('pay', succeeded), reply('ship/0', declined), reply('ship/1', declined));

  it('turns nothing back: beyond what is tolerated each item waits for a person, and the others go on', () => {
    begun()
      .then('StepFailed', ['SagaSuspended', { target: 'step:ship/1' }])
      .thenOwes('action ship/2')
      .when(...done(2))
      .then('StepSucceeded', ['StepRequested', { step: 'ship/3' }])
      .thenStands('suspended');
  });

  it.each([
    ['retry', ['StepRequested', { step: 'ship/1', round: 2 }]],
    ['skip', 'MapCompleted'],
    ['succeed', 'MapCompleted'],
  ] as const)('has one item resolved by a person: %s', (action, then) => {
    begun()
      .when(...done(2, 3), operator(action, 'step:ship/1', { ...(action === 'succeed' && { result: 'said' }) }))
      .then('OperatorIntervened', then, ...(action === 'retry' ? [] : ['SagaCompleted' as const]));
  });

  it('gives what a person said an item has come to in its place', () => {
    const { history } = begun().when(...done(2, 3), operator('succeed', 'step:ship/1', { result: 'said' }));
    expect(history.at(-1)?.data).toEqual({ output: { pay: undefined, ship: [undefined, 'said', 'r2', 'r3'] } });
  });

  it('comes to a stand when as many wait for a person as may be at work', () => {
    begun()
      .when(reply('ship/2', declined))
      .then('StepFailed', ['SagaSuspended', { target: 'step:ship/2' }])
      .thenOwes();
  });
});

describe('a step of many items and an operator', () => {
  it('B18: stands still while the saga is suspended, and goes on when it is resumed', () => {
    given(three)
      .when(start(three), operator('suspend'), ...done(0))
      .then('StepSucceeded')
      .when(operator('resume'))
      .then('OperatorIntervened', ['StepRequested', { step: 'ship/2' }]);
  });

  it('is not moved: it waits for no time', () => {
    given(three)
      .when(start(three), operator('move', 'step:ship', { dueAt: 5 }))
      .then('RequestRefused');
  });

  it('keeps the places of items on their way back that wait for a person; the others go on in those that are left', () => {
    const ordered = saga([map(3), step('tell', ['ship'])]);
    given(ordered)
      .when(start(ordered), ...done(0, 1, 2), reply('tell', declined), reply('ship/2', rolledBack))
      .then('CompensationFailed', ['SagaSuspended', { target: 'compensation:ship/2' }])
      .thenOwes('compensation ship/1')
      .when(reply('ship/1', undone))
      .thenOwes('compensation ship/0')
      .when(operator('retry', 'compensation:ship/2'))
      .thenOwes('compensation ship/0', 'compensation ship/2');
  });
});
