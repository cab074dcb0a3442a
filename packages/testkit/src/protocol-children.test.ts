/** Sagas that are started by a step of another one, from either side. */
import { describe, expect, it } from '@jest/globals';
import { outstanding, report, type SagaData, type StepData, sagaDefinition } from '@skald/kernel';
import { asked, cancel, operator, outcomes, reply, slot, start, wake } from './made-up-messages.js';
import { startOf } from './scripted-participant.js';
import { given } from './specification.js';

const { succeeded, declined, undone, deferred, sealed, rolledBack } = outcomes;
const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: { attempts: 1 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const saga = (steps: readonly StepData[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'trip', version: 1, steps, ...more });
const failed = (name: string, message: string, effect: 'none' | 'unknown' = 'none') =>
  ({
    type: 'failed',
    kind: effect === 'none' && !name.startsWith('ChildP') ? 'business' : 'technical',
    effect,
    error: { name, message },
  }) as const;

describe('a saga that a step of another has started', () => {
  const trip = saga([step('pack'), step('load')], { result: () => 'done' });
  const begun = (definition = trip) => given(definition).when(asked(definition));

  it('is begun once, whoever asks how often, and says that it is under way until it has ended; then what became of it', () => {
    begun()
      .then('SagaStarted', ['StepRequested', { step: 'pack' }])
      .thenReplies(deferred)
      .when(asked(trip, 'action', { at: 5, incarnation: 'another', by: { attempt: 2 } }))
      .thenNothing('duplicate')
      .thenReplies(deferred)
      .when(reply('pack', succeeded), reply('load', succeeded))
      .then('StepSucceeded', 'SagaCompleted')
      .when(asked(trip, 'action', { by: { attempt: 3 } }))
      .thenNothing('duplicate')
      .thenReplies({ type: 'succeeded', result: 'done' });
  });

  it('fails as it failed, and has nothing left to undo then', () => {
    begun()
      .when(reply('pack', succeeded), reply('load', declined), reply('pack', undone))
      .thenStands('compensated')
      .when(asked(trip))
      .thenReplies(failed('Declined', 'saga trip-1 compensated: no'))
      .when(asked(trip, 'compensation'))
      .thenNothing('duplicate')
      .thenReplies(undone);
  });

  it('P1: answers a stranger as one who is there already, and moves for nobody but its own parent', () => {
    const stranger = { by: { step: 'another' } };
    begun()
      .when(asked(trip, 'action', stranger))
      .thenNothing()
      .thenReplies(failed('ChildExists', 'saga trip-1 is there already, and was started by step ship of saga parent-1'))
      .when(asked(trip, 'compensation', { by: { incarnation: 'another' } }))
      .thenNothing()
      .thenReplies({ type: 'undone', executed: false })
      .when(asked(trip, 'seal', { by: { round: 2 } }))
      .thenNothing()
      .thenReplies(sealed)
      .thenStands('running');
    given(trip)
      .when(start(trip), asked(trip))
      .thenReplies(failed('ChildExists', 'saga trip-1 is there already, and was started by somebody else'));
  });

  it('B20, P2: that is to be undone, or sealed, before it began, begins and ends in one decision, takes no slot, and is refused ever after', () => {
    const limited = saga([step('pack')], { limits: { running: 1 } });
    for (const operation of ['compensation', 'seal'] as const) {
      const spec = given(limited).when(asked(limited, operation, { limited: true }));
      spec.then('SagaStarted', 'WithdrawnByParent', 'CancelRequested', 'CompensationStarted', 'SagaCancelled');
      spec.thenReplies(operation === 'seal' ? sealed : { type: 'undone', executed: false });
      expect(spec.state.slot).toBe('none');
      spec
        .when(asked(limited, 'action', { limited: true }))
        .thenNothing('duplicate')
        .thenReplies({ type: 'refused', reason: 'undone' });
    }
  });

  it('B19, P3: is cancelled while it runs, and tells when it has ended', () => {
    const spec = begun().when(asked(trip, 'compensation'));
    spec.then(['WithdrawnByParent', { round: 1 }], 'CancelRequested', 'CompensationStarted').thenReplies(deferred);
    spec.when(asked(trip)).thenNothing('duplicate').thenReplies(deferred);
    spec
      .when(asked(trip, 'compensation', { by: { attempt: 2 } }))
      .thenNothing('duplicate')
      .thenReplies(deferred);
    const { revision } = spec.state;
    expect(report(spec.state)).toBeUndefined();
    spec.when(reply('pack', succeeded), reply('pack', undone)).thenStands('cancelled');
    expect(report(spec.state, revision)).toMatchObject({ operation: 'compensation', undoRound: 1, outcome: undone });
    expect(report(spec.state, spec.state.revision)).toBeUndefined();
    spec.when(asked(trip)).thenReplies({ type: 'refused', reason: 'undone' });
  });

  it('B20, P3: is undone in a second phase when it has completed, and no second time', () => {
    begun()
      .when(reply('pack', succeeded), reply('load', succeeded), asked(trip, 'compensation'))
      .then(
        'WithdrawnByParent',
        ['CompensationStarted', { reason: { type: 'withdrawn', by: 'parent-1' } }],
        ['CompensationRequested', { step: 'load' }],
      )
      .thenReplies(deferred)
      .when(reply('load', undone), reply('pack', undone))
      .then('CompensationSucceeded', 'SagaCompensated')
      .when(asked(trip, 'compensation', { by: { undoRound: 1, attempt: 2 } }))
      .thenNothing('duplicate')
      .thenReplies(undone)
      .when(asked(trip, 'compensation', { by: { undoRound: 2 } }))
      .thenNothing('duplicate')
      .thenReplies(undone);
  });

  describe('with a pivot', () => {
    const final = saga([step('pack'), step('hand', { pivot: true }), step('thank')], { result: () => 'handed' });
    const open = () => begun(final).when(reply('pack', succeeded));
    const pastPivot = failed('ChildPastPivot', 'saga trip-1 is past its pivot: it cannot be undone');

    it('P3: says that it cannot be undone, while it goes on as well as after its end', () => {
      open()
        .when(reply('hand', succeeded), asked(final, 'compensation'))
        .thenNothing('duplicate')
        .thenReplies(pastPivot)
        .when(reply('thank', succeeded), asked(final, 'compensation'))
        .thenReplies(pastPivot);
    });

    it('P3: says nothing for certain while the pivot decides whether it is undone, whatever it is asked', () => {
      const spec = open().when(asked(final, 'compensation'));
      spec.then('WithdrawnByParent', 'CancelRequested').thenReplies(deferred);
      spec.when(asked(final)).thenReplies(deferred).when(asked(final, 'seal')).thenReplies(deferred);
      const before = spec.state.revision;
      spec.when(reply('hand', succeeded)).then('StepSucceeded', 'CancelRefused', ['StepRequested', { step: 'thank' }]);
      spec.when(asked(final, 'compensation')).thenReplies(pastPivot).when(asked(final)).thenReplies(deferred);
      spec.when(reply('thank', succeeded)).thenStands('completed');
      expect(report(spec.state, before)).toMatchObject({ operation: 'compensation', outcome: pastPivot });
      spec.when(asked(final)).thenReplies({ type: 'succeeded', result: 'handed' });
    });

    it('P3: is undone where its pivot does not happen', () => {
      open()
        .when(asked(final, 'compensation'), reply('hand', declined), reply('pack', undone))
        .thenStands('cancelled')
        .when(asked(final, 'seal'))
        .thenReplies(sealed);
    });
  });

  it('is terminated by a person: nobody knows what it left, and no more is said of it', () => {
    const unknown = failed('ChildTerminated', 'saga trip-1 was terminated as it stood: looked at it', 'unknown');
    begun()
      .when(operator('terminate'))
      .then('SagaTerminated')
      .when(asked(trip))
      .thenReplies(unknown)
      .when(asked(trip, 'compensation'))
      .thenReplies(unknown)
      .when(asked(trip, 'seal'))
      .thenReplies({ type: 'sealed', doubt: true });
  });

  it('is cancelled by a person: that is a failure by a name of its own', () => {
    begun()
      .when(cancel(), reply('pack', succeeded), reply('pack', undone))
      .thenStands('cancelled')
      .when(asked(trip))
      .thenReplies(failed('ChildCancelled', 'saga trip-1 cancelled: changed my mind'));
  });

  it('P4: detached, has begun, and that is all that its parent hears; what undoes it finds nothing of its own', () => {
    const by = { detached: true } as const;
    const spec = given(trip).when(asked(trip, 'action', { by }));
    spec.thenReplies({ type: 'succeeded', result: { sagaId: 'trip-1' }, compensable: false });
    spec
      .when(asked(trip, 'compensation', { by }))
      .thenNothing('duplicate')
      .thenReplies({ type: 'undone', executed: false });
    spec.when(reply('pack', declined)).thenStands('failed');
    expect(report(spec.state)).toBeUndefined();
  });

  it('waits for its slot as its own owner says, and has the trace of its parent', () => {
    const limited = saga([step('pack')], { limits: { running: 1 } });
    const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    given(limited)
      .when(asked(limited, 'action', { limited: true, trace }))
      .then(['SagaStarted', { limited: true, trace }])
      .thenReplies(deferred)
      .thenStands('throttled')
      .when(slot(5))
      .then('SlotGranted', 'StepRequested');
  });

  it('has the earlier deadline of its own and its parent’s', () => {
    for (const [deadline, deadlineAt, expected] of [
      [100, 50, 50],
      [30, 50, 30],
      [undefined, 50, 50],
      [30, undefined, 30],
      [undefined, undefined, undefined],
    ] as const) {
      const more = { ...(deadline !== undefined && { deadline }), ...(deadlineAt !== undefined && { deadlineAt }) };
      expect(given(trip).when(asked(trip, 'action', more)).state.deadlineAt).toBe(expected);
    }
  });
});

describe('a step that starts a saga', () => {
  const starts = (more: Partial<StepData> = {}) => step('ship', { run: () => startOf('trip'), ...more });
  const order = (...steps: readonly StepData[]) => sagaDefinition({ name: 'order', version: 1, steps });
  const family = order(step('charge'), starts(), step('close'));
  const running = (definition = family) => given(definition).when(start(definition), reply('charge', succeeded), reply('ship', deferred));

  it('B20: knows its child by its own life, the step, the item and the round, so that a repeat finds the same one', () => {
    const again = order(starts({ retry: { attempts: 2, delay: 10, jitter: 0, on: ['Declined'] } }));
    const spec = given(again).when(start(again));
    const child = () => outstanding(spec.state).map((owed) => owed.child?.sagaId);
    expect(child()).toEqual(['trip-order-1.i1.ship']);
    spec.when(wake(100), reply('ship', deferred), wake(300));
    expect(child()).toEqual(['trip-order-1.i1.ship']);
    spec.when(reply('ship', declined), wake(310));
    expect(child()).toEqual(['trip-order-1.i1.ship.2']);
    const each = { kind: 'map' as const, id: 'ship', each: () => ({ items: ['x', 'y'], run: () => startOf('trip') }) };
    const many = sagaDefinition({ name: 'order', version: 1, steps: [each] });
    const items = outstanding(given(many).when(start(many, { incarnation: 'i2' })).state);
    expect(items.map((owed) => owed.child?.sagaId)).toEqual(['trip-order-1.i2.ship/0', 'trip-order-1.i2.ship/1']);
  });

  it('is never given up for not being heard of, and keeps asking, less and less often', () => {
    running()
      .when(wake(100))
      .then(['ChildAskedAgain', { target: 'step:ship', dueAt: 300 }])
      .thenOwes('action ship')
      .when(wake(300))
      .then(['ChildAskedAgain', { target: 'step:ship', dueAt: 700 }]);
  });

  it('takes what a child says of itself whenever it was asked, also in another attempt', () => {
    const again = order(starts({ retry: { attempts: 2, delay: 10, jitter: 0 } }));
    given(again)
      .when(start(again), reply('ship', rolledBack), wake(10))
      .then(['StepRequested', { step: 'ship', attempt: 2 }])
      .when(reply('ship', failed('ChildTerminated', 'gone', 'unknown'), { attempt: 1 }))
      .then(['StepFailed', { step: 'ship', effect: 'unknown' }], 'CompensationStarted', ['CompensationRequested', { step: 'ship' }]);
  });

  it('asks the child itself to undo what it did, and a person where it says that it cannot', () => {
    running()
      .when(reply('ship', succeeded), cancel(), reply('close', declined))
      .thenOwes('compensation ship')
      .when(reply('ship', failed('ChildPastPivot', 'too late')))
      .then('CompensationFailed', ['SagaSuspended', { target: 'compensation:ship' }])
      .when(operator('patch', 'compensation:ship', { args: [{ another: true }] }))
      .then(['RequestRefused', { code: 'action-not-possible' }])
      .when(operator('skip', 'compensation:ship'))
      .thenOwes('compensation charge');
  });
});
