import { describe, expect, test } from '@jest/globals';
import { describeDefinition, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Participant, Saga, SagaChoice, SagaStep } from './decorators.js';
import { participantDefinitionOf } from './participant-definition.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly total: number;
}
interface Shop {
  pay(): Promise<string>;
  fly(): Promise<string>;
  sail(): Promise<string>;
}
const shop = participant<Shop>('shop');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep({ id: 'charge' })
  pay(_order: Order) {
    return shop.pay();
  }
  @SagaChoice({
    id: 'way',
    branches: {
      air: ({ total }: Order, { results }: SagaContext<OrderSaga>) => total > 100 && results.pay !== undefined,
      sea: ({ total }: Order) => total < 10,
    },
    otherwise: 'rail',
  })
  route(branch: 'air' | 'sea' | 'rail') {
    return branch;
  }
  @SagaStep({ branch: 'route.air' })
  fly(_order: Order) {
    return shop.fly();
  }
  @SagaStep({ branch: 'route.sea' })
  sail(_order: Order) {
    return shop.sail();
  }
}

const built = defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', () => shop.pay())
  .choice('way', {
    branches: { air: ({ total }, { results }) => total > 100 && results.charge !== '', sea: ({ total }) => total < 10 },
    otherwise: 'rail',
  })
  .step('fly', { branch: 'way.air', run: () => shop.fly() })
  .step('sail', { branch: 'way.sea', run: () => shop.sail() })
  .result((_order, { results }) => results.way);

const run = (): { participant: string; action: string; args: [] } => ({ participant: 'shop', action: 'act', args: [] });
const asData = sagaDefinition<Order, unknown>({
  name: 'order',
  version: 1,
  steps: [
    { id: 'charge', run },
    { kind: 'choice', id: 'way', branches: { air: ({ total }) => total > 100, sea: ({ total }) => total < 10 }, otherwise: 'rail' },
    { id: 'fly', branch: 'way.air', run },
    { id: 'sail', branch: 'way.sea', run },
  ],
  result: () => undefined,
});

describe('A choice', () => {
  const decorated = definitionOf(OrderSaga, () => new OrderSaga());

  test('has one description, decorated, built and written as data', () => {
    expect(describeDefinition(built)).toEqual(describeDefinition(asData));
    expect(describeDefinition(decorated)).toEqual(describeDefinition(asData));
  });

  test('is named by method, also where its id is another, and its guards see results by method', () => {
    const [, way] = decorated.steps;
    if (way?.kind !== 'choice') throw new Error('it is no choice');
    const view = { saga: { id: '1', name: 'order', version: 1, startedAt: 0 }, now: 1 };
    expect(way.branches['air']?.({ total: 101 }, { ...view, results: { charge: 'p' } })).toBe(true);
    expect(way.branches['air']?.({ total: 101 }, { ...view, results: {} })).toBe(false);
    expect(decorated.steps.map(({ after, branch }) => ({ after, branch }))).toEqual([
      { after: [] },
      { after: ['charge'] },
      { after: ['way'], branch: 'way.air' },
      { after: ['way'], branch: 'way.sea' },
    ]);
  });

  test('is refused on a participant', () => {
    class Undecided {
      @SagaChoice({ branches: { x: () => true } })
      route() {}
    }
    Participant('undecided')(Undecided as never);
    expect(() => participantDefinitionOf(Undecided)).toThrow('"route" is a choice');
  });
});
