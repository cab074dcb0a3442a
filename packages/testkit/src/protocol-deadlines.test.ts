/** Deadlines that travel with commands. */
import { describe, expect, it } from '@jest/globals';
import { type SagaData, type StepData, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, start, wake } from './made-up-messages.js';
import { given, type Specification } from './specification.js';

const { succeeded, declined, reset } = outcomes;
const expired = { type: 'refused', reason: 'expired' } as const;
const sealed = { type: 'refused', reason: 'sealed' } as const;

const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: { attempts: 2, delay: 10, jitter: 0 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const saga = (steps: readonly StepData[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });
const order = saga([step('charge'), step('ship', { pivot: true }), step('notify')], { deadline: 1_000 });
const one = saga([step('charge')], { deadline: 1_000 });

/** What is owed, and until when it may be begun. */
const owed = (spec: Specification) => spec.owed().map(({ operation, step: id, validUntil }) => `${operation} ${id} ${validUntil}`);

describe('a command', () => {
  it('A13: is valid to the deadline of its saga before and at the pivot, and without end past it', () => {
    const spec = given(order).when(start(order));
    expect(owed(spec)).toEqual(['action charge 1000']);
    expect(owed(spec.when(reply('charge', succeeded)))).toEqual(['action ship 1000']);
    expect(owed(spec.when(reply('ship', succeeded)))).toEqual(['action notify undefined']);
  });

  it('A13: without a deadline is valid without end', () => {
    const definition = saga([step('charge')]);
    expect(owed(given(definition).when(start(definition)))).toEqual(['action charge undefined']);
  });

  it('A13: is valid to the end of its attempt where the step says so, or to the deadline if that is sooner', () => {
    const definition = saga([step('charge', { expires: 'attempt', timeout: 600 })], { deadline: 1_000 });
    const spec = given(definition).when(start(definition));
    expect(owed(spec)).toEqual(['action charge 600']);
    expect(owed(spec.when(wake(600), wake(610)))).toEqual(['action charge 1000']);
  });

  it('A13: that compensates, or seals, never expires', () => {
    const spec = given(order).when(start(order), reply('charge', succeeded), cancel(), wake(100));
    expect(owed(spec)).toEqual(['seal ship undefined']);
    expect(owed(spec.when(reply('ship', { type: 'sealed' }, { at: 100 })))).toEqual(['compensation charge undefined']);
  });

  it('A13: in flight when the deadline passes is owed with the deadline that it had', () => {
    const slow = saga([step('charge', { timeout: 5_000 })], { deadline: 1_000 });
    const spec = given(slow).when(start(slow), wake(1_000)).then('DeadlinePassed', 'CompensationStarted');
    expect(owed(spec)).toEqual(['action charge 1000']);
  });

  it('B18: is valid longer by as long as its saga was suspended', () => {
    const spec = given(one).when(start(one), operator('suspend', undefined, { at: 50 }), operator('resume', undefined, { at: 550 }));
    expect(owed(spec)).toEqual(['action charge 1500']);
  });
});

describe('a command whose saga was suspended, so that its deadline is later now', () => {
  const hasty = saga([step('charge', { timeout: 5_000, retry: { attempts: 1 } })], { deadline: 1_000 });
  const resumed = () =>
    given(hasty).when(start(hasty), operator('suspend', undefined, { at: 50 }), operator('resume', undefined, { at: 550 }));

  it('A13, B18: and was refused by the deadline of before, has not failed: it is asked again, whatever the policy', () => {
    resumed()
      .when(reply('charge', expired, { at: 1_200 }))
      .then(['StepFailed', { kind: 'refused' }], ['StepRetryScheduled', { round: 2, attempt: 1 }])
      .when(wake(1_400))
      .then(['StepRequested', { round: 2 }])
      .when(reply('charge', expired, { at: 1_450 }))
      .then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });

  it('A13, B18: and expires with its attempt, which ends later as well, is asked again too', () => {
    const brief = saga([step('charge', { expires: 'attempt', retry: { attempts: 1 } })]);
    const spec = given(brief).when(start(brief), operator('suspend', undefined, { at: 50 }), operator('resume', undefined, { at: 550 }));
    expect(owed(spec)).toEqual(['action charge 600']);
    spec.when(reply('charge', expired, { at: 580 })).then('StepFailed', ['StepRetryScheduled', { round: 2, attempt: 1 }]);
  });

  it('A13: where it was not suspended for any time fails as ever', () => {
    given(hasty)
      .when(start(hasty), operator('suspend'), operator('resume'), reply('charge', expired))
      .then('StepFailed', 'CompensationStarted', 'SagaFailed');
  });
});

describe('a command that was refused since its time was over', () => {
  it('A13: is known not to have happened: nothing of it is undone', () => {
    const slow = saga([step('charge', { timeout: 5_000 })], { deadline: 1_000 });
    given(slow)
      .when(start(slow), wake(1_000), reply('charge', expired))
      .then(['StepFailed', { kind: 'refused', effect: 'none', error: refusal('expired') }], 'SagaFailed');
  });

  it('A13: while the saga’s own clock says that there is time, is tried again under a new key', () => {
    given(one)
      .when(start(one), reply('charge', expired, { at: 900 }))
      .then(['StepFailed', { error: refusal('expired') }], ['StepRetryScheduled', { round: 2, attempt: 1, dueAt: 910 }])
      .when(wake(910))
      .then(['StepRequested', { round: 2, attempt: 1 }]);
  });

  it('A13: is no sign that the deadline has passed: that is for the saga’s own clock to say', () => {
    given(one)
      .when(start(one), reply('charge', expired, { at: 995 }), wake(1_000))
      .then(['DeadlinePassed', { pastPivot: false }], ['CompensationStarted', { reason: { type: 'deadline' } }], 'SagaFailed');
  });

  it('A13: at the end of its attempts fails by the name Expired', () => {
    given(one)
      .when(start(one), reply('charge', expired), wake(10), reply('charge', expired))
      .then('StepFailed', ['CompensationStarted', { reason: { type: 'failed', step: 'charge', error: refusal('expired') } }], 'SagaFailed');
  });

  it('A13: is known as such by a repeat, which finds the key sealed though nobody asked for that', () => {
    given(one)
      .when(start(one), reply('charge', reset), wake(10), reply('charge', sealed))
      .then(['StepFailed', { kind: 'refused', error: refusal('sealed') }], 'CompensationStarted', 'SagaFailed');
  });

  it('A13: lets a pivot go back at once, where a deadline or a cancel waits for it', () => {
    const inPivot = () => given(order).when(start(order), reply('charge', succeeded, { at: 950 }), wake(1_000));
    inPivot()
      .then('DeadlinePassed')
      .when(reply('ship', expired))
      .then('StepFailed', 'StepRetryScheduled', 'CompensationStarted', 'CompensationRequested');
    inPivot().when(reply('ship', declined)).then('StepFailed', 'CompensationStarted', 'CompensationRequested');
  });

  const refusal = (reason: string) => ({ name: 'Expired', message: `the participant refused it: ${reason}` });
});
