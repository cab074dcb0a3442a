import { describe, expect, test } from '@jest/globals';
import { describeDefinition, type MapStep, type SagaDefinition, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Participant, Saga, SagaMap, SagaStep } from './decorators.js';
import { each } from './each.js';
import type { SagaItem } from './map-typing.js';
import { participantDefinitionOf } from './participant-definition.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { Class, SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly lines: readonly string[];
}
interface Shipping {
  charge(id: string): Promise<{ paidAt: number }>;
  dispatch(line: string, paidAt: number): Promise<{ parcel: number }>;
  recall(line: string, parcel?: number): Promise<void>;
}
const shipping = participant<Shipping>('shipping');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return shipping.charge(order.id);
  }
  @SagaMap({
    ...{ id: 'ship', after: 'charge', concurrency: 5, tolerate: { failures: 1 }, retry: { attempts: 2 }, compensation: 'recall' },
    when: (order: Order) => order.lines.length > 0,
  })
  shipAll(order: Order, { results }: SagaContext<OrderSaga, 'charge'>) {
    return each(order.lines, (line, index) => shipping.dispatch(`${line}${index}`, results.charge.paidAt));
  }
  recall({ item, result, index, results }: SagaItem<OrderSaga, 'shipAll'>) {
    return shipping.recall(`${item}${index}${results.charge?.paidAt}`, result?.parcel);
  }
}

const options = { after: 'charge', concurrency: 5, tolerate: { failures: 1 }, retry: { attempts: 2 } } as const;
const built = defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (order) => shipping.charge(order.id))
  .map('ship', {
    ...options,
    when: (order) => order.lines.length > 0,
    items: (order) => order.lines,
    run: (line, { index, results }) => shipping.dispatch(`${line}${index}`, results.charge.paidAt),
    compensation: {
      name: 'recall',
      run: (line, shipment, { index, results }) => shipping.recall(`${line}${index}${results.charge?.paidAt}`, shipment?.parcel),
    },
  })
  .done();

const asData = sagaDefinition({
  name: 'order',
  version: 1,
  steps: [
    { id: 'charge', run: (order: Order) => shipping.charge(order.id) },
    {
      kind: 'map',
      id: 'ship',
      ...options,
      when: (order: Order) => order.lines.length > 0,
      each: (order: Order, { results }) =>
        each(order.lines, (line, index) => shipping.dispatch(`${line}${index}`, results['charge'].paidAt)),
      compensation: {
        name: 'recall',
        run: (item, result, { results }, index) => shipping.recall(`${item}${index}${results['charge'].paidAt}`, result?.parcel),
      },
    },
  ],
});
const decorated = definitionOf(OrderSaga, () => new OrderSaga());
const order: Order = { id: '1', lines: ['a', 'b'] };
const saga = { id: '1', name: 'order', version: 1, startedAt: 0 };
const view = { results: { charge: { paidAt: 7 }, ship: [{ parcel: 1 }] }, saga, now: 7 };

function mapOf({ steps }: SagaDefinition): MapStep {
  const map = steps.find((step) => step.kind === 'map');
  if (!map) throw new Error('no map');
  return map;
}

describe('Steps of many items', () => {
  test('are the same whether decorated, built or written as data', () => {
    expect(describeDefinition(built)).toEqual(describeDefinition(asData));
    // Without a result of its own a class with renamed steps gives its results by method.
    expect({ ...(describeDefinition(decorated) as object), result: false }).toEqual(describeDefinition(asData));
  });

  test.each([
    { how: 'decorated', definition: decorated as SagaDefinition },
    { how: 'built', definition: built as SagaDefinition },
    { how: 'written as data', definition: asData },
  ])('ask for each of their items, and undo each: $how', ({ definition }) => {
    const { each, compensation, when } = mapOf(definition);
    const { items, run } = each(order, view);
    expect(items.map((item, index) => run(item, index).args)).toEqual([
      ['a0', 7],
      ['b1', 7],
    ]);
    expect(compensation?.run('b', { parcel: 9 }, view, 1, order)).toMatchObject({ action: 'recall', args: ['b17', 9] });
    expect(compensation?.run('b', undefined, view, 1, order).args).toEqual(['b17']);
    expect([when?.(order, view), when?.({ ...order, lines: [] }, view)]).toEqual([true, false]);
  });

  test.each([
    { what: 'nothing', answer: undefined, says: 'shipAll returned nothing' },
    { what: 'a promise', answer: Promise.resolve(), says: 'shipAll returned a Promise' },
    { what: 'a command', answer: shipping.charge('1'), says: 'Return each(list, (item) => command)' },
  ])('are refused when their method answers $what', ({ answer, says }) => {
    class Careless {
      shipAll() {
        return answer;
      }
    }
    SagaMap()(Careless.prototype as never, 'shipAll' as never, {} as never);
    Saga({ name: 'careless', version: 1 })(Careless as never);
    const { each } = mapOf(definitionOf(Careless as Class<object>, () => new Careless()));
    expect(() => each(order, view)).toThrow(says);
  });

  test('are refused when an item is asked for by something that is no command', () => {
    const careless = defineSaga<Order>({ name: 'order', version: 1 })
      .map('ship', { items: ({ lines }) => lines, run: (async () => shipping.charge('1')) as never })
      .done();
    const { items, run } = mapOf(careless).each(order, view);
    expect(() => run(items[0], 0)).toThrow('In saga order, ship returned a Promise instead of a command.');
  });

  test('are refused at a participant', () => {
    class Mapping {
      @SagaMap()
      charge() {
        return each([1], () => shipping.charge('1'));
      }
    }
    Participant('shop')(Mapping as never);
    expect(() => participantDefinitionOf(Mapping as Class<object>)).toThrow('"charge" is a map');
  });
});
