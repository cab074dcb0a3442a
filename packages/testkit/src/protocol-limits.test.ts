/** A saga of which only so many may run: what it waits for, and what goes on meanwhile. */
import { describe, expect, it } from '@jest/globals';
import { type SagaData, type StepData, sagaDefinition, slotOwed } from '@skald/kernel';
import { cancel, fault, operator, outcomes, reply, signal, slot, start, wake } from './made-up-messages.js';
import { given } from './specification.js';

const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, run: () => ({ participant: 'shop', action: id, args: [id] }) },
  ...more,
});
const saga = (more: Partial<SagaData> = {}) =>
  sagaDefinition({ name: 'order', version: 1, limits: { running: 1 }, deadline: 1_000, steps: [step('charge')], ...more });
const limited = saga();
const begun = () => given(limited).when(start(limited));

describe('B23: a saga that waits for a slot', () => {
  it('is started and begins nothing; with the slot it goes on as any other', () => {
    const spec = begun()
      .then(['SagaStarted', { limited: true }])
      .thenOwes()
      .thenStands('throttled');
    spec.when(slot(5)).then('SlotGranted', 'StepRequested').thenStands('running');
    spec.when(slot(6)).thenNothing('duplicate').when(reply('charge', outcomes.succeeded)).then('StepSucceeded', 'SagaCompleted');
    spec.when(slot(7)).thenNothing('stray');
  });

  it('does not take the slot of another life of its id', () => {
    begun()
      .when({ ...slot(5), since: 7 })
      .thenNothing('stray')
      .thenStands('throttled')
      .when({ ...slot(5), since: 0 })
      .then('SlotGranted', 'StepRequested');
  });

  it('asks for the slot and gives it back, each as long as it may not have been said, also one that it never had', () => {
    const spec = begun();
    expect(slotOwed(spec.state)).toEqual({ type: 'limit', do: 'ask', saga: 'order-1', since: 0 });
    expect(slotOwed(spec.state, 0)).toBeUndefined();
    spec.when(slot(5));
    expect(slotOwed(spec.state)).toBeUndefined();
    spec.when(reply('charge', outcomes.succeeded));
    const { revision } = spec.state;
    expect([slotOwed(spec.state, revision - 1), slotOwed(spec.state, revision)]).toEqual([
      { type: 'limit', do: 'return', saga: 'order-1', since: 0 },
      undefined,
    ]);
    expect(slotOwed(begun().when(cancel()).state)).toMatchObject({ do: 'return' });
  });

  it('is cancelled, terminated, suspended and ended by its deadline without one', () => {
    begun().when(cancel()).then('CancelRequested', 'CompensationStarted', 'SagaCancelled');
    begun().when(operator('terminate')).then('SagaTerminated');
    begun().when(wake(1_000)).then('DeadlinePassed', 'CompensationStarted', 'SagaFailed');
    const held = begun().when(operator('suspend')).thenStands('suspended').when(slot()).then('SlotGranted').thenOwes();
    held.when(operator('resume')).then('OperatorIntervened', 'StepRequested');
    begun().when(operator('suspend'), operator('resume')).thenStands('throttled');
  });

  it('keeps signals, and is told by nobody else that it may run', () => {
    const told = saga({ steps: [{ kind: 'signal', id: 'paid' }] });
    const spec = given(told).when(start(told), signal('paid', 'yes')).then('SignalReceived').thenStands('throttled');
    spec.when(slot()).then('SlotGranted', 'SignalAwaited', 'StepSucceeded', 'SagaCompleted');
    const free = sagaDefinition({ name: 'order', version: 1, steps: [step('charge')] });
    given(free).when(start(free), slot()).thenNothing('stray');
    given(limited).when(slot()).thenNothing('stray');
  });

  it('keeps its slot when it turns back and when it waits for a person', () => {
    const parked = begun().when(slot(), fault()).thenStands('suspended');
    expect(slotOwed(parked.state)).toBeUndefined();
    const back = begun().when(slot(), cancel()).then('CancelRequested', 'CompensationStarted').thenStands('compensating');
    expect(slotOwed(back.state)).toBeUndefined();
  });
});
