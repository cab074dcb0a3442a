import { describe, expect, test } from '@jest/globals';
import { describeDefinition, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Participant, Saga, SagaStep, SagaTimer } from './decorators.js';
import { participantDefinitionOf } from './participant-definition.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { Class } from './typing.js';

interface Order {
  readonly id: string;
  readonly shipAt: number;
}
interface Shop {
  charge(id: string): Promise<void>;
}
const shop = participant<Shop>('shop');
const view = { results: {}, saga: { id: '1', name: 'order', version: 1, startedAt: 0 }, now: 7 };
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
  .step('tell', { after: ['coolOff', 'opening'], run: (order) => shop.charge(order.id) })
  .done();
const asData = sagaDefinition({
  name: 'order',
  version: 1,
  steps: [
    { id: 'charge', run: (order: Order) => shop.charge(order.id) },
    { kind: 'timer', id: 'coolOff', time: '3d' },
    { kind: 'timer', id: 'opening', after: 'charge', when: () => true, time: (order: Order) => new Date(order.shipAt) },
    { id: 'tell', after: ['coolOff', 'opening'], run: (order: Order) => shop.charge(order.id) },
  ],
});

describe('Steps that wait', () => {
  test('are the same whether decorated, built or written as data', () => {
    expect(describeDefinition(decorated)).toEqual(describeDefinition(asData));
    expect(describeDefinition(built)).toEqual(describeDefinition(asData));
    expect(decorated.steps.map(({ id, kind, after }) => [id, kind, after])).toEqual([
      ['charge', 'command', []],
      ['coolOff', 'timer', ['charge']],
      ['opening', 'timer', ['charge']],
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

  test('are refused at a participant', () => {
    class Waiting {
      @SagaTimer({ for: '3d' })
      charge() {}
    }
    Participant('shop')(Waiting as never);
    expect(() => participantDefinitionOf(Waiting as Class<object>)).toThrow('"charge" is a timer');
  });
});
