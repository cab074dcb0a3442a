/** What is shown before a cancel. That it is what then happens, the simulation says. */
import { describe, expect, it } from '@jest/globals';
import { plan, type SagaData, type StepData, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
import { startOf } from './scripted-participant.js';
import { given } from './specification.js';

const { succeeded } = outcomes;
const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, run: () => ({ participant: 'shop', action: id, args: [id] }) },
  ...more,
});
const saga = (steps: SagaData['steps']) => sagaDefinition({ name: 'order', version: 1, steps });

describe('the plan of a cancel', () => {
  const refund = { name: 'refund', run: () => ({ participant: 'bank', action: 'refund', args: [] }) };
  const order = saga([
    step('reserve'),
    step('charge', { after: 'reserve', compensation: refund }),
    step('label', { after: 'reserve' }),
    { kind: 'signal', id: 'approval', after: 'reserve' },
    step('note', { after: [] }),
    step('ship', { after: ['charge', 'label', 'approval'], pivot: true }),
  ]);
  const begun = () => given(order).when(start(order), reply('reserve', succeeded), reply('note', { ...succeeded, compensable: false }));

  it('says what is undone at the same time and how, what is awaited, what stops, and what has nothing to undo', () => {
    const { state } = begun().when(reply('charge', succeeded));
    expect(plan(state, order)).toEqual({
      cancel: { accepted: true, pending: [] },
      levels: [
        [
          { step: 'label', how: { by: 'participant', participant: 'shop', action: 'label' }, because: 'in-flight' },
          { step: 'charge', how: { by: 'saga', compensation: 'refund' }, because: 'succeeded' },
        ],
        [{ step: 'reserve', how: { by: 'participant', participant: 'shop', action: 'reserve' }, because: 'succeeded' }],
      ],
      awaited: ['label'],
      stopped: ['approval'],
      rest: [{ step: 'note', why: 'nothing-to-undo' }],
    });
  });

  it('says that an unknown outcome is found out before the saga’s own compensation', () => {
    const { state } = begun().when(reply('label', succeeded), operator('suspend'), wake(50));
    const [first] = plan(state).levels;
    expect(first?.find((undo) => undo.step === 'charge')).toEqual({
      ...{ step: 'charge', how: { by: 'saga' }, because: 'in-flight', sealedFirst: true },
    });
  });

  it('says what decides first while a pivot is in flight, and what stands in the way past it', () => {
    const spec = begun().when(reply('charge', succeeded), reply('label', succeeded), signal('approval'));
    expect(plan(spec.state)).toMatchObject({ cancel: { accepted: true, pending: ['ship'] }, awaited: ['ship'] });
    expect(plan(spec.state).levels).toHaveLength(2);
    spec.when(cancel());
    expect(plan(spec.state)).toMatchObject({ cancel: { accepted: false, code: 'already-compensating', pivots: [] }, awaited: ['ship'] });
    expect(plan(spec.state).levels).toHaveLength(2);
    const shipped = saga([step('ship', { pivot: true }), step('notify')]);
    const past = given(shipped).when(start(shipped), reply('ship', succeeded));
    expect(plan(past.state)).toEqual({
      ...{ cancel: { accepted: false, code: 'past-pivot', pivots: ['ship'] }, levels: [], awaited: [], stopped: [], rest: [] },
    });
  });

  describe('of what is not done at once', () => {
    const callback = { timeout: 1_000 };
    const starts = (id: string, more: Partial<StepData> = {}, child: { readonly detached?: true } = {}) =>
      step(id, { after: [], run: () => startOf('trip', {}, child), ...more });
    const childOf = (id: string) => ({ by: 'child', sagaId: `trip-order-1.i1.${id}` });

    it('says of a step that waits for its task token that nobody waits for it any more, and that it is undone', () => {
      const waits = saga([step('scan', { callback }), step('ship')]);
      const spec = given(waits).when(start(waits), reply('scan', outcomes.deferred));
      const undone = { step: 'scan', how: { by: 'participant', participant: 'shop', action: 'scan' }, because: 'begun' };
      expect(plan(spec.state)).toMatchObject({ levels: [[undone]], awaited: [], stopped: ['scan'], rest: [] });
      spec.when(cancel()).then('CancelRequested', 'CompensationStarted', ['CompensationRequested', { step: 'scan' }]);
    });

    it('says of a pivot that does so that it decides', () => {
      const waits = saga([step('scan', { callback, pivot: true })]);
      const spec = given(waits).when(start(waits), reply('scan', outcomes.deferred));
      expect(plan(spec.state)).toMatchObject({ cancel: { accepted: true, pending: ['scan'] }, levels: [], awaited: ['scan'], stopped: [] });
      spec.when(cancel()).then('CancelRequested');
    });

    it('says which child is cancelled, undone, or never begins; and how, where the saga says it', () => {
      const compensation = { name: 'fetchBack', run: () => ({ participant: 'shop', action: 'fetch', args: [] }) };
      const family = saga([starts('asked'), starts('runs'), starts('done'), starts('own', { compensation })]);
      const spec = given(family).when(
        ...[start(family), reply('runs', outcomes.deferred), reply('done', outcomes.deferred), reply('done', succeeded)],
        reply('own', outcomes.deferred),
      );
      const found = plan(spec.state, family);
      expect(found.levels).toHaveLength(1);
      expect(new Map(found.levels[0]?.map(({ step: id, ...rest }) => [id, rest]))).toEqual(
        new Map<string, unknown>([
          ['asked', { how: childOf('asked'), because: 'unknown' }],
          ['runs', { how: childOf('runs'), because: 'begun' }],
          ['done', { how: childOf('done'), because: 'succeeded' }],
          ['own', { how: { by: 'saga', compensation: 'fetchBack' }, because: 'begun', sealedFirst: true }],
        ]),
      );
      expect(found).toMatchObject({ awaited: [], stopped: ['asked', 'runs', 'own'], rest: [] });
      spec.when(cancel()).thenOwes('seal own', 'compensation done', 'compensation runs', 'compensation asked');
    });

    it('says that a detached child which has begun stays as it is, and that one which has not may never', () => {
      const family = saga([starts('begun', {}, { detached: true }), starts('asked', {}, { detached: true })]);
      const spec = given(family).when(start(family), reply('begun', { ...succeeded, compensable: false }));
      expect(plan(spec.state)).toMatchObject({
        levels: [[{ step: 'asked', how: { ...childOf('asked'), detached: true }, because: 'unknown' }]],
        rest: [{ step: 'begun', why: 'nothing-to-undo' }],
      });
    });

    it('says so of each item of a map', () => {
      const run = (item: unknown) => startOf('trip', item);
      const each = () => ({ items: ['a', 'b', 'c'], run });
      const trips = saga([{ kind: 'map', id: 'trips', each, concurrency: 2 }]);
      const spec = given(trips).when(start(trips), reply('trips/0', succeeded), reply('trips/1', outcomes.deferred));
      const [first, second] = plan(spec.state).levels;
      expect([first, second]).toEqual([
        [
          { step: 'trips/2', how: childOf('trips/2'), because: 'unknown' },
          { step: 'trips/1', how: childOf('trips/1'), because: 'begun' },
        ],
        [{ step: 'trips/0', how: childOf('trips/0'), because: 'succeeded' }],
      ]);
      spec.when(cancel()).thenOwes('compensation trips/2', 'compensation trips/1');
    });

    it('says of a throttled saga that there is nothing to undo', () => {
      const limited = sagaDefinition({ name: 'order', version: 1, steps: [step('s')], limits: { running: 1 } });
      const spec = given(limited).when(start(limited));
      expect(plan(spec.state)).toEqual({ cancel: { accepted: true, pending: [] }, levels: [], awaited: [], stopped: [], rest: [] });
      spec.when(cancel()).then('CancelRequested', 'CompensationStarted', 'SagaCancelled');
    });
  });
});
