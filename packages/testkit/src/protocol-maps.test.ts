/** Steps that ask for many items. */
import { describe, expect, it } from '@jest/globals';
import { type MapData, SagaAborted } from '@skald/kernel';
import { lateReply, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { done, letters, map, saga, step, three } from './sagas-of-items.js';
import { given, type Said } from './specification.js';

const { succeeded, declined, rolledBack, reset, sealed, sealedInDoubt, undone } = outcomes;

describe('a step of many items', () => {
  it('A9: asks for as many at once as may be, and for the next when one is through', () => {
    given(three)
      .when(start(three))
      .then('SagaStarted', ['MapStarted', { step: 'ship', count: 3, concurrency: 2, tolerated: 0 }], 'StepRequested', 'StepRequested')
      .thenOwes('action ship/0', 'action ship/1')
      .when(...done(1))
      .then('StepSucceeded', ['StepRequested', { step: 'ship/2' }])
      .thenOwes('action ship/0', 'action ship/2');
  });

  it('gives the list of their results, in the order of the items and not of the answers', () => {
    given(three)
      .when(start(three), ...done(1, 2, 0))
      .then('StepSucceeded', ['MapCompleted', { step: 'ship' }], ['SagaCompleted', { output: { ship: ['r0', 'r1', 'r2'] } }]);
  });

  it('tells each item, its place and what it is asked under a key of its own; a policy is written once', () => {
    const { history } = given(three).when(start(three));
    const opened = history.flatMap((event) => (event.type === 'StepRequested' ? [event.data.opens] : []));
    expect(opened.map((opens) => opens?.command.args)).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
    expect(opened.map((opens) => opens?.policyOf)).toEqual([undefined, 'ship/0']);
    expect(given(three).when(start(three)).command('ship/1').key).toBe('order-1/i1/ship/1');
  });

  it('is settled at once where there is no item, and what follows begins', () => {
    const none = saga([map(0), step('tell', ['ship'])]);
    given(none)
      .when(start(none))
      .then('SagaStarted', ['MapStarted', { count: 0 }], 'MapCompleted', ['StepRequested', { step: 'tell' }]);
  });

  it('is skipped by its guard, and its items are not asked for', () => {
    const asked: string[] = [];
    const each = () => {
      asked.push('each');
      return letters(['a']);
    };
    const guarded = saga([map(1, { each, when: () => false })]);
    given(guarded).when(start(guarded)).then('SagaStarted', 'StepSkipped', 'SagaCompleted');
    expect(asked).toEqual([]);
  });

  it('makes its items of the input and of the results of the steps before it alone', () => {
    const seen: unknown[] = [];
    const each: MapData['each'] = (_input, { results, now }) => {
      seen.push([results, now]);
      return letters(results['list']);
    };
    const definition = saga([step('list'), step('beside'), map(0, { after: ['list'], each })]);
    const history = given(definition).when(
      start(definition),
      reply('list', { ...succeeded, result: ['a', 'b', 'c'] }, { at: 7 }),
      reply('beside', { ...succeeded, result: 'x' }, { at: 9 }),
    ).history;
    // Read anew: it is asked once more, and sees what it saw.
    given(definition, ...history).when(...done(0));
    expect(seen.length).toBeGreaterThan(1);
    expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(new Set([JSON.stringify([{ list: ['a', 'b', 'c'] }, 7])]));
  });

  it('suspends its saga where there are not as many items as there were, and goes on when it is mended', () => {
    let count = 3;
    const fickle = saga([map(0, { each: () => letters('abcdefgh'.slice(0, count).split('')) })]);
    const { history } = given(fickle).when(start(fickle));
    count = 4;
    const found = given(fickle, ...history).when(...done(0));
    found.then('StepSucceeded', ['SagaSuspended', { target: 'program' }]);
    expect(JSON.stringify(found.history.at(-1))).toContain('step ship has 4 items, and had 3 when it began');
    count = 3;
    found.when(operator('retry', 'program')).then('OperatorIntervened', ['StepRequested', { step: 'ship/2' }]);
  });

  describe('that come in another order when they are asked for again', () => {
    const fickle = (order: { items: string }) => {
      const compensation = { name: 'recall', run: (item: string) => ({ participant: 'shop', action: 'recall', args: [item] }) };
      return saga([map(0, { compensation, each: () => letters(order.items.split('')) })]);
    };
    const found = 'step ship has other items, or has them in another order, than when it began';

    it('suspends its saga, and goes on when it is mended: none is asked twice, and none is left out', () => {
      const order = { items: 'abc' };
      const { history } = given(fickle(order)).when(start(three));
      order.items = 'cba';
      const spec = given(fickle(order), ...history).when(...done(0));
      spec.then('StepSucceeded', ['SagaSuspended', { target: 'program' }]);
      expect(JSON.stringify(spec.history.at(-1))).toContain(found);
      order.items = 'abc';
      spec.when(operator('retry', 'program')).then('OperatorIntervened', ['StepRequested', { step: 'ship/2' }]);
      expect(spec.command('ship/2').args).toEqual(['c', 2]);
    });

    it('is not undone by another item than it was done for', () => {
      const order = { items: 'abc' };
      const { history } = given(fickle(order)).when(start(three), ...done(0));
      order.items = 'cba';
      const spec = given(fickle(order), ...history).when(reply('ship/1', declined), reply('ship/2', declined));
      expect([...spec.state.parked]).toMatchObject([['compensation:ship/0', { error: { message: expect.stringContaining(found) } }]]);
      order.items = 'abc';
      spec.when(operator('retry', 'compensation:ship/0')).thenOwes('compensation ship/0');
      expect(spec.command('ship/0').args).toEqual(['a']);
    });

    it('is not noticed in a history of before, which does not say what they were', () => {
      const order = { items: 'abc' };
      const { history } = given(fickle(order)).when(start(three));
      const older = history.map((event) => {
        if (event.type !== 'MapStarted') return event;
        const { fingerprint: _, ...data } = event.data;
        return { ...event, data };
      });
      order.items = 'cba';
      given(fickle(order), ...older)
        .when(...done(0))
        .then('StepSucceeded', ['StepRequested', { step: 'ship/2' }]);
    });

    it('is known by their JSON, where that can tell; else by their number', () => {
      const begun = (items: readonly unknown[]) => {
        const run = (_item: unknown, index: number) => ({ participant: 'shop', action: 'ship', args: [index] });
        const { history } = given(saga([map(0, { each: () => ({ items, run }) })])).when(start(three));
        return history.flatMap((event) => (event.type === 'MapStarted' ? [event.data.fingerprint] : []))[0];
      };
      const circle: { self?: unknown } = {};
      circle.self = circle;
      expect([begun([circle]), begun([1n])]).toEqual([undefined, undefined]);
      expect(begun([{ a: 1, b: [2] }])).toBe(begun([{ b: [2], a: 1 }]));
      const different = [[], [1], [2], ['1'], [1, 1], [[1, 1]], ['a', 'b'], ['ab'], [undefined], [null, null]].map(begun);
      expect(new Set(different).size).toBe(different.length);
      expect(different.every((one) => /^[0-9a-f]{16}$/.test(one ?? ''))).toBe(true);
    });
  });

  it.each([undefined, null, {}, { items: 'abc', run: () => undefined }])(
    'suspends a saga whose step gives %j instead of a list',
    (given_) => {
      const definition = saga([map(0, { each: () => given_ as never })]);
      given(definition)
        .when(start(definition))
        .then('SagaStarted', ['SagaSuspended', { target: 'program' }]);
    },
  );

  it('turns the saga back where its method aborts it at one of the items', () => {
    const run = (_item: string, index: number) => {
      if (index === 2) throw new SagaAborted('not this one');
      return { participant: 'shop', action: 'ship', args: [] };
    };
    const aborts = saga([map(0, { each: () => ({ items: ['a', 'b', 'c'], run }) }), step('beside')]);
    given(aborts)
      .when(start(aborts), ...done(0))
      .then(
        'StepSucceeded',
        ['CompensationStarted', { reason: { type: 'failed', error: { name: 'SagaAborted', message: 'not this one' } } }],
        ['CompensationRequested', { step: 'ship/0' }],
      );
  });
});

describe('items that fail', () => {
  const tolerant = saga([map(4, { tolerate: { failures: 1 } })]);

  it('are let go while they are tolerated, with nothing in their place in the list', () => {
    given(tolerant)
      .when(start(tolerant), reply('ship/0', declined))
      .then('StepFailed', ['StepFailureCaught', { step: 'ship/0', error: declined.error }], ['StepRequested', { step: 'ship/2' }])
      .when(...done(1, 2, 3))
      .then('StepSucceeded', 'MapCompleted', ['SagaCompleted', { output: { ship: [undefined, 'r1', 'r2', 'r3'] } }]);
  });

  it('are tolerated by their share of all, rounded down', () => {
    const half = saga([map(3, { tolerate: { share: 0.5 } })]);
    given(half)
      .when(start(half))
      .then('SagaStarted', ['MapStarted', { tolerated: 1 }], 'StepRequested', 'StepRequested');
  });

  it('fail the step beyond that: no item is begun any more, and the error says how many and which was the first', () => {
    const found = given(tolerant).when(start(tolerant), reply('ship/0', declined), reply('ship/1', declined));
    found
      .then('StepFailed', ['MapFailed', { step: 'ship' }], ['CompensationStarted', {}])
      .thenOwes('action ship/2')
      .when(...done(2))
      .then('StepSucceeded', ['CompensationRequested', { step: 'ship/2' }])
      .when(reply('ship/2', undone))
      .then('CompensationSucceeded', 'SagaCompensated');
    const failed = found.history.find((event) => event.type === 'MapFailed');
    expect(failed?.data).toMatchObject({
      error: {
        name: 'TooManyFailures',
        message: '2 of 4 items failed, and 1 may; the first was ship/0: Declined: no',
        data: { failed: 2, tolerated: 1, count: 4, first: { item: 'ship/0', name: 'Declined' } },
      },
    });
  });

  it('are tried no more once too many have failed, also those that were about to be', () => {
    const slowly = { attempts: 2, delay: 1_000, jitter: 0 };
    const other = saga([map(3, { concurrency: 3, timeout: 9_000, retry: slowly }), step('courier', [], { instead: 'ship' })]);
    const spec = given(other).when(start(other), reply('ship/0', rolledBack));
    spec.then('StepFailed', ['StepRetryScheduled', { step: 'ship/0' }]);
    spec.when(reply('ship/1', declined)).then('StepFailed', 'MapFailed', ['StepSealRequested', { step: 'ship/0' }]);
    spec.thenOwes('action ship/2', 'seal ship/0').when(wake(1_000)).thenNothing();
  });

  it('are tried again by their own policy first', () => {
    const patient = saga([map(1, { retry: { attempts: 2, delay: 10, jitter: 0 } })]);
    given(patient)
      .when(start(patient), reply('ship/0', reset))
      .then('StepFailed', ['StepRetryScheduled', { step: 'ship/0' }])
      .when(wake(10), ...done(0))
      .then('StepSucceeded', 'MapCompleted', 'SagaCompleted');
  });

  it.each([
    { what: 'nobody knows how it ended', message: wake(100) as Said },
    { what: 'a copy of its command may still run', message: reply('ship/0', rolledBack) },
  ])('are sealed before they are let go: $what', ({ message }) => {
    const one = saga([map(2, { concurrency: 1, tolerate: { failures: 1 } })]);
    given(one)
      .when(start(one), message)
      .thenOwes('seal ship/0')
      .when(reply('ship/0', sealed))
      .then('StepSealed', ['StepFailureCaught', { step: 'ship/0' }], ['StepRequested', { step: 'ship/1' }]);
  });

  it('count as succeeded where the seal tells that they did', () => {
    const one = saga([map(1, { tolerate: { failures: 1 } })]);
    given(one)
      .when(start(one), wake(100), reply('ship/0', { ...succeeded, result: 'r0' }))
      .then('StepSucceeded', 'MapCompleted', ['SagaCompleted', { output: { ship: ['r0'] } }]);
  });

  it('are undone where an interrupted run may have had effect, and the list is complete only then', () => {
    const one = saga([map(2, { concurrency: 1, tolerate: { failures: 1 } })]);
    given(one)
      .when(start(one), wake(100), reply('ship/0', sealedInDoubt))
      .then('StepSealed', 'StepFailureCaught', ['CompensationRequested', { step: 'ship/0' }])
      .thenOwes('compensation ship/0')
      .when(reply('ship/0', undone))
      .then('CompensationSucceeded', ['StepRequested', { step: 'ship/1' }]);
  });

  it('A11: are undone where they succeed after they were let go', () => {
    given(tolerant)
      .when(start(tolerant), reply('ship/0', reset), reply('ship/0', sealed), lateReply('ship/0', succeeded))
      .then(['StepSucceeded', { step: 'ship/0', late: true }])
      .when(...done(1))
      .then('StepSucceeded', ['CompensationRequested', { step: 'ship/0' }]);
  });

  it('do not need a seal where they turn the saga back: what undoes them goes by their key', () => {
    given(three)
      .when(start(three), wake(100))
      .then('StepTimedOut', 'StepTimedOut', 'MapFailed', 'CompensationStarted', 'CompensationRequested', 'CompensationRequested')
      .thenOwes('compensation ship/1', 'compensation ship/0');
  });

  it('let the saga go on without the whole step where that is optional: what stands of it is undone', () => {
    const optional = saga([map(2, { optional: true }), step('tell', ['ship'])]);
    given(optional)
      .when(start(optional), ...done(0), reply('ship/1', declined))
      .then(
        'StepFailed',
        'MapFailed',
        ['StepFailureCaught', { step: 'ship' }],
        ['CompensationRequested', { step: 'ship/0' }],
        ['StepRequested', { step: 'tell' }],
      );
  });

  it('have another step run in the place of all, once what is in flight is in, and nothing stands any more', () => {
    const other = saga([map(2), step('courier', [], { instead: 'ship', on: ['TooManyFailures'] })]);
    given(other)
      .when(start(other), reply('ship/1', declined))
      .then('StepFailed', 'MapFailed')
      .thenOwes('action ship/0')
      .when(...done(0))
      .then('StepSucceeded', ['StepFailureCaught', { step: 'ship', by: 'courier' }], ['CompensationRequested', { step: 'ship/0' }])
      .when(reply('ship/0', undone))
      .then('CompensationSucceeded', ['StepRequested', { step: 'courier' }]);
  });
});
