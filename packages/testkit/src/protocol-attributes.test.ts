/** Search attributes: recorded when they change, and never in anybody's way. */
import { describe, expect, it } from '@jest/globals';
import { type SagaData, type SagaDefinition, type StepEntry, sagaDefinition, stepGraph } from '@skald/kernel';
import { outcomes, reply, signal, start } from './made-up-messages.js';
import { given } from './specification.js';

const succeeded = (result?: unknown) => ({ ...outcomes.succeeded, ...(result !== undefined && { result }) });
const run = () => ({ participant: 'shop', action: 'act', args: [] });
type Attributes = NonNullable<SagaDefinition['attributes']>;
const saga = (
  attributes: Attributes,
  steps: readonly StepEntry[] = [
    { id: 'a', run },
    { id: 'b', run },
  ],
  more: Partial<SagaData> = {},
) => sagaDefinition({ name: 'order', version: 1, steps, attributes, ...more });
const begun = (definition: SagaDefinition, input: unknown = {}) => start(definition, { input });

describe('Search attributes', () => {
  it('B1: are recorded at the start and when they change, before the end, and not else', () => {
    const order = saga({ customer: ({ customer }) => customer, paid: (_, { results }) => results['a'] });
    given(order)
      .when(begun(order, { customer: 'c-1' }))
      .then('SagaStarted', ['AttributesSet', { attributes: { customer: 'c-1' } }], 'StepRequested')
      .when(reply('a', succeeded('p-1')))
      .then('StepSucceeded', ['AttributesSet', { attributes: { customer: 'c-1', paid: 'p-1' } }], 'StepRequested')
      .when(reply('b', succeeded()))
      .then('StepSucceeded', 'SagaCompleted');
  });

  it('B1: are recorded of what a signal brings, though the saga ends by it', () => {
    const order = saga({ by: (_, { results }) => results['ok'] }, [{ kind: 'signal', id: 'ok' }]);
    given(order)
      .when(begun(order))
      .then('SagaStarted', 'SignalAwaited')
      .when(signal('ok', 'me'))
      .then('SignalReceived', 'StepSucceeded', ['AttributesSet', { attributes: { by: 'me' } }], 'SagaCompleted');
  });

  it('are text, numbers, booleans and dates; undefined is not there, and what was there goes', () => {
    const order = saga({
      text: () => 'a',
      zero: () => -0,
      no: () => false,
      day: () => new Date(0),
      gone: (_, { results }) => (results['a'] ? undefined : 1),
    });
    const specification = given(order).when(begun(order));
    specification.then(
      'SagaStarted',
      ['AttributesSet', { attributes: { text: 'a', zero: 0, no: false, day: { date: '1970-01-01T00:00:00.000Z' }, gone: 1 } }],
      'StepRequested',
    );
    expect(specification.state.attributes).toEqual({ text: 'a', zero: 0, no: false, day: new Date(0), gone: 1 });
    specification.when(reply('a', succeeded(true)));
    expect(Object.keys(specification.state.attributes ?? {})).toEqual(['text', 'zero', 'no', 'day']);
  });

  it.each<[string, unknown, string]>([
    ['an object', {}, 'TypeError: a value of type object cannot be an attribute: text, a number, a boolean or a date can'],
    ['null', null, 'TypeError: null cannot be'],
    ['a list', [], 'TypeError: a list cannot be'],
    ['NaN', Number.NaN, 'TypeError: NaN cannot be'],
    ['an invalid date', new Date(Number.NaN), 'TypeError: an invalid date cannot be'],
    ['257 characters', 'x'.repeat(257), 'RangeError: a text of 257 characters cannot be an attribute, the limit is 256'],
    ['half a character', '\ud800', 'RangeError: a text that is not well-formed'],
  ])('B2: cannot be %s, which is recorded and stops nothing', (_name, value, problem) => {
    const order = saga({ right: () => 1, wrong: () => value as never });
    const specification = given(order).when(begun(order));
    const [, set] = specification.history;
    expect(set).toMatchObject({
      type: 'AttributesSet',
      data: { attributes: { right: 1 }, errors: { wrong: expect.stringContaining(problem) } },
    });
    expect(set?.data).not.toHaveProperty('attributes.wrong');
    specification.thenOwes('action a');
  });

  it('B2: stay as they were when their code throws, which is recorded once, and the saga goes on', () => {
    const throwing = (_: unknown, { results }: { readonly results: Readonly<Record<string, unknown>> }) => {
      if ('a' in results) throw new Error('broken');
      return 'early';
    };
    const order = saga({ doubtful: throwing }, [
      { id: 'a', run },
      { id: 'b', run },
      { id: 'c', run },
    ]);
    given(order)
      .when(begun(order), reply('a', succeeded(1)))
      .then(
        'StepSucceeded',
        ['AttributesSet', { attributes: { doubtful: 'early' }, errors: { doubtful: 'Error: broken' } }],
        'StepRequested',
      )
      .when(reply('b', succeeded(1)))
      .then('StepSucceeded', 'StepRequested')
      .thenStands('running');
  });

  it('are not touched by a program that has none', () => {
    const order = saga({ customer: () => 'c-1' });
    const { history } = given(order).when(begun(order));
    const { attributes: _, ...without } = order;
    const specification = given(stepGraph(without), ...history).when(reply('a', succeeded(1)));
    specification.then('StepSucceeded', 'StepRequested');
    expect(specification.state.attributes).toEqual({ customer: 'c-1' });
  });
});
