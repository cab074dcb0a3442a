/** What is shown before a cancel. That it is what then happens, the simulation says. */
import { describe, expect, it } from '@jest/globals';
import { plan, type SagaData, type StepData, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
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
});
