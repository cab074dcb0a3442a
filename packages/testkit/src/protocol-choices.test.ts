/** Choices, and the steps of their branches. */
import { describe, it } from '@jest/globals';
import { type ChoiceData, SagaAborted, type SagaData, type StepEntry, sagaDefinition } from '@skald/kernel';
import { cancel, operator, outcomes, reply, start } from './made-up-messages.js';
import { given } from './specification.js';

const { succeeded, declined, undone } = outcomes;

const step = (id: string, more: object = {}): StepEntry => ({
  ...{ id, timeout: 100, retry: { attempts: 1 }, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const choice = (more: Partial<ChoiceData> = {}): StepEntry => ({
  ...{ kind: 'choice', id: 'way', branches: { air: ({ haste }) => haste > 1, sea: ({ haste }) => haste < 1 }, otherwise: 'rail' },
  ...more,
});
const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}) => sagaDefinition({ name: 'order', version: 1, steps, ...more });
const order = saga([
  ...[step('pay'), choice(), step('fly', { branch: 'way.air' }), step('land', { branch: 'way.air' }), step('sail', { branch: 'way.sea' })],
  step('thank'),
]);
const paid = (haste: number, definition = order) =>
  given(definition).when(start(definition, { input: { haste } }), reply('pay', succeeded));

describe('a choice', () => {
  it('takes the branch whose guard says yes; the steps of the others are skipped, and name it', () => {
    paid(2)
      .then(
        'StepSucceeded',
        ['ChoiceMade', { step: 'way', after: ['pay'], chosen: 'air', notTaken: ['sea', 'rail'] }],
        ['StepRequested', { step: 'fly' }],
        ['StepSkipped', { step: 'sail', reason: 'way took air' }],
      )
      .when(reply('fly', succeeded), reply('land', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'thank' }])
      .when(reply('thank', succeeded))
      .then('StepSucceeded', [
        'SagaCompleted',
        { output: { ...{ pay: undefined, way: 'air', fly: undefined }, land: undefined, thank: undefined } },
      ]);
  });

  it('takes what is taken otherwise where no guard says yes, also if that has no steps', () => {
    paid(1).then(
      ...(['StepSucceeded', ['ChoiceMade', { chosen: 'rail', notTaken: ['air', 'sea'] }]] as const),
      ...(['StepSkipped', 'StepSkipped', 'StepSkipped'] as const),
      ['StepRequested', { step: 'thank' }],
    );
  });

  it.each([
    ['would take two', { air: () => true, sea: () => true }, 'choice-ambiguous', 'choice way would take air and sea'],
    ['takes none', { air: () => false, sea: () => false }, 'choice-undecided', 'choice way takes none of air, sea'],
  ])('suspends its saga when it %s, and is made when the mended version goes on', (_title, branches, name, message) => {
    const [pay = step('pay'), , ...rest] = order.steps as readonly StepEntry[];
    const { otherwise: _none, ...broken } = choice({ branches }) as ChoiceData;
    const suspended = paid(2, saga([pay, broken, ...rest]));
    suspended.then('StepSucceeded', 'SagaSuspended').thenStands('suspended');
    const error = suspended.state.parked.get('program')?.error;
    if (error?.name !== name || !error.message.includes(message)) throw new Error(`suspended with ${error?.message}`);
    given(order, ...suspended.history)
      .when(operator('resume'))
      .then('OperatorIntervened', ['ChoiceMade', { chosen: 'air' }], 'StepRequested', 'StepSkipped');
  });

  it('asks every guard, even when the first says yes', () => {
    const aborting = choice({
      branches: {
        air: () => true,
        sea: () => {
          throw new SagaAborted('no harbour');
        },
      },
    });
    const definition = saga([step('pay'), aborting]);
    paid(2, definition).then('StepSucceeded', 'CompensationStarted', 'CompensationRequested');
  });

  it('that is skipped by its guard has all its branches skipped', () => {
    const definition = saga([step('pay'), choice({ when: () => false }), step('fly', { branch: 'way.air' }), step('thank')]);
    paid(2, definition).then(
      ...(['StepSucceeded', ['StepSkipped', { step: 'way', reason: 'guard' }]] as const),
      ['StepSkipped', { step: 'fly', reason: 'way was skipped' }],
      ['StepRequested', { step: 'thank' }],
    );
  });

  it('may stand in a branch of another', () => {
    const inner: StepEntry = { kind: 'choice', id: 'seat', branch: 'way.air', branches: { window: () => false }, otherwise: 'aisle' };
    const definition = saga([
      ...[step('pay'), choice(), inner, step('look', { branch: 'seat.window' }), step('stretch', { branch: 'seat.aisle' })],
      ...[step('fly', { branch: 'way.air' }), step('thank')],
    ]);
    paid(2, definition)
      .then(
        'StepSucceeded',
        'ChoiceMade',
        ['ChoiceMade', { step: 'seat' }],
        ['StepSkipped', { step: 'look' }],
        ['StepRequested', { step: 'stretch' }],
      )
      .when(reply('stretch', succeeded), reply('fly', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'thank' }]);
    paid(1, definition).then(
      ...([
        'StepSucceeded',
        'ChoiceMade',
        ['StepSkipped', { step: 'seat', reason: 'way took rail' }],
        'StepSkipped',
        'StepSkipped',
      ] as const),
      ...(['StepSkipped', ['StepRequested', { step: 'thank' }]] as const),
    );
  });

  it('may be made by whether a step failed that the saga can do without', () => {
    const definition = saga([
      step('pay', { optional: true, run: () => ({ participant: 'shop', action: 'pay', args: [] }) }),
      choice({ branches: { air: (_input, { results }) => 'pay' in results, sea: (_input, { results }) => !('pay' in results) } }),
      step('sail', { branch: 'way.sea' }),
    ]);
    given(definition)
      .when(start(definition), reply('pay', declined))
      .then('StepFailed', 'StepFailureCaught', ['ChoiceMade', { chosen: 'sea' }], ['StepRequested', { step: 'sail' }]);
  });

  it('is looked through when the saga turns back: what it came after waits for the branch to be undone', () => {
    paid(2)
      .when(reply('fly', succeeded), cancel())
      .then('CancelRequested', 'CompensationStarted')
      .when(reply('land', declined))
      .then('StepFailed', ['CompensationRequested', { step: 'fly' }])
      .thenOwes('compensation fly')
      .when(reply('fly', undone))
      .then('CompensationSucceeded', ['CompensationRequested', { step: 'pay' }]);
  });
});
