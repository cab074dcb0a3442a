import { describe, expect, test } from '@jest/globals';
import { describeDefinition, type SagaData, type StandardSchema, type StepEntry, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Participant, Saga, SagaSignal, SagaStep, SagaTimer } from './decorators.js';
import { participantDefinitionOf } from './participant-definition.js';
import { participant } from './participant-proxy.js';
import { definitionOf, signalNameOf } from './saga-class.js';
import type { Class, SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly shipAt: number;
}
interface Shop {
  charge(id: string): Promise<void>;
}
const shop = participant<Shop>('shop');
const view = { results: {}, saga: { id: '1', name: 'order', version: 1, startedAt: 0 }, now: 7 };
const schema: StandardSchema<unknown, string> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: String(value) }) },
};
const order: Order = { id: '1', shipAt: 99 };

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order.id);
  }
  @SagaTimer({ for: '3d' })
  coolOff() {}
  @SagaTimer({ after: 'charge', when: (order: Order) => order.shipAt > 0 })
  opening(order: Order) {
    return new Date(order.shipAt);
  }
  @SagaSignal({ after: 'charge', schema, timeout: '1d', onTimeout: 'skip', when: (order: Order) => order.shipAt > 0 })
  approval(said: string, { saga }: SagaContext<OrderSaga>) {
    return `${saga.name} ${said}`;
  }
  @SagaSignal({ signal: 'paper' })
  signature(said: string) {
    return said;
  }
  @SagaStep({ after: ['coolOff', 'opening'] })
  tell(order: Order) {
    return shop.charge(order.id);
  }
}

const decorated = definitionOf(OrderSaga, () => new OrderSaga());
const built = defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (order) => shop.charge(order.id))
  .wait('coolOff', '3d')
  .wait('opening', { after: 'charge', when: (order) => order.shipAt > 0, until: (order) => new Date(order.shipAt) })
  .signal('approval', {
    ...{ after: 'charge', schema, timeout: '1d', onTimeout: 'skip' },
    when: (order) => order.shipAt > 0,
    receive: (said, { saga }) => `${saga.name} ${said}`,
  })
  .signal('paper')
  .step('tell', { after: ['coolOff', 'opening'], run: (order) => shop.charge(order.id) })
  .done();
const data: SagaData = {
  name: 'order',
  version: 1,
  steps: [
    { id: 'charge', run: (order: Order) => shop.charge(order.id) },
    { kind: 'timer', id: 'coolOff', time: '3d' },
    { kind: 'timer', id: 'opening', after: 'charge', when: () => true, time: (order: Order) => new Date(order.shipAt) },
    { ...{ kind: 'signal', id: 'approval', after: 'charge', schema, timeout: '1d', onTimeout: 'skip' }, when: () => true },
    { kind: 'signal', id: 'paper' },
    { id: 'tell', after: ['coolOff', 'opening'], run: (order: Order) => shop.charge(order.id) },
  ],
};
const asData = sagaDefinition(data);
const renamed = (step: StepEntry): StepEntry => (step.id === 'paper' ? { kind: 'signal', id: 'signature', signal: 'paper' } : step);

describe('Steps that wait', () => {
  test('are the same whether decorated, built or written as data', () => {
    // The class names its last signal apart from its method.
    expect(describeDefinition(decorated)).toEqual(describeDefinition(sagaDefinition({ ...data, steps: data.steps.map(renamed) })));
    expect(describeDefinition(built)).toEqual(describeDefinition(asData));
    expect(decorated.steps.map(({ id, kind, after }) => [id, kind, after])).toEqual([
      ['charge', 'command', []],
      ['coolOff', 'timer', ['charge']],
      ['opening', 'timer', ['charge']],
      ['approval', 'signal', ['charge']],
      ['signature', 'signal', ['approval']],
      ['tell', 'command', ['coolOff', 'opening']],
    ]);
  });

  test.each([
    { how: 'decorated', definition: decorated },
    { how: 'built', definition: built },
  ])('wait for a fixed time, or until what their method computes: $how', ({ definition }) => {
    const times = definition.steps.flatMap((step) => (step.kind === 'timer' ? [step.time] : []));
    expect(times.map((time) => (typeof time === 'function' ? time(order, view) : time))).toEqual([3 * 86_400_000, new Date(99)]);
  });

  test.each([
    { how: 'decorated', definition: decorated },
    { how: 'built', definition: built },
  ])('take a signal as their method says, or as it comes: $how', ({ definition }) => {
    const signals = definition.steps.flatMap((step) => (step.kind === 'signal' ? [step] : []));
    expect(signals.map(({ signal, receive }) => [signal, receive('yes', view)])).toEqual([
      ['approval', 'order yes'],
      ['paper', 'yes'],
    ]);
  });

  test('answer by which name a member takes a signal', () => {
    expect(['approval', 'signature', 'charge', 'paper'].map((member) => signalNameOf(OrderSaga, member))).toEqual([
      ...['approval', 'paper', undefined, undefined],
    ]);
    expect(['approval', 'paper', 'charge', 'no'].map((member) => signalNameOf(built, member))).toEqual([
      ...['approval', 'paper', undefined, undefined],
    ]);
  });

  test('do not take a signal in a method that turns out to be async', () => {
    const later = defineSaga<Order>({ name: 'order', version: 1 })
      .signal('approval', { receive: async (said: string) => said })
      .done();
    const [step] = later.steps;
    if (step?.kind !== 'signal') throw new Error('no signal');
    expect(() => step.receive('yes', view)).toThrow('In saga order, approval returned a Promise instead of a command.');
  });

  test('are refused at a participant', () => {
    class Waiting {
      @SagaTimer({ for: '3d' })
      charge() {}
    }
    Participant('shop')(Waiting as never);
    expect(() => participantDefinitionOf(Waiting as Class<object>)).toThrow('"charge" is a timer');
  });
});
