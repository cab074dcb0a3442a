/** What the compiler holds of steps that ask for many items. */
import { defineSaga } from './builder.js';
import { Saga, SagaMap, SagaStep } from './decorators.js';
import { each } from './each.js';
import type { SagaItem } from './map-typing.js';
import { participant } from './participant-proxy.js';
import type { InputOf, OutputOf, SagaContext } from './typing.js';

interface Line {
  readonly sku: string;
}
interface Order {
  readonly id: string;
  readonly lines: readonly Line[];
}
interface Shipping {
  charge(id: string): Promise<{ paidAt: number }>;
  dispatch(line: Line, paidAt: number): Promise<{ parcel: number }>;
  recall(sku: string, parcel?: number): Promise<void>;
}
const shipping = participant<Shipping>('shipping');

@Saga({ name: 'order', version: 1 })
export class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return shipping.charge(order.id);
  }
  @SagaMap({ after: 'charge', concurrency: 20, tolerate: { failures: 2 }, compensation: 'recall', retry: { attempts: 2 } })
  ship(order: Order, { results }: SagaContext<OrderSaga, 'charge'>) {
    return each(order.lines, (line) => shipping.dispatch(line, results.charge.paidAt));
  }
  recall({ item, result, index, results }: SagaItem<OrderSaga, 'ship'>) {
    const paidAt: number | undefined = results.charge?.paidAt;
    return shipping.recall(`${item.sku}${index}${paidAt}`, result?.parcel);
  }
  @SagaStep({ after: 'ship' })
  tell(order: Order, { results }: SagaContext<OrderSaga, 'ship'>) {
    const parcels: (number | undefined)[] = results.ship.map((shipment) => shipment?.parcel);
    // @ts-expect-error an item may have failed
    results.ship[0].parcel;
    return shipping.charge(`${order.id}${parcels.length}`);
  }
  @SagaMap({ tolerate: { share: 0.1 }, when: (order: Order) => order.lines.length > 0, optional: true })
  tellAll(order: Order) {
    return each(order.lines, ({ sku }, index) => shipping.recall(sku, index));
  }
}

export const input: InputOf<typeof OrderSaga> = { id: '1', lines: [{ sku: 'a' }] };
// @ts-expect-error the input of the saga is not one of its items
export const item: InputOf<typeof OrderSaga> = { sku: 'a' };
export const output: OutputOf<typeof OrderSaga> = { ship: [{ parcel: 1 }, undefined] };

export class Wrong {
  // @ts-expect-error a map gives its items by each(…)
  @SagaMap()
  one(order: Order) {
    return shipping.charge(order.id);
  }
  // @ts-expect-error a step is one command
  @SagaStep()
  many(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line, 1));
  }
  // @ts-expect-error undone by a method that is not there
  @SagaMap({ compensation: 'recal' })
  misspelt(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line, 1));
  }
  // @ts-expect-error what undoes an item takes the item
  @SagaMap({ compensation: 'undoOrder' })
  undone(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line, 1));
  }
  undoOrder(order: Order) {
    return shipping.recall(order.id);
  }
  // @ts-expect-error either a number or a share
  @SagaMap({ tolerate: 2 })
  tolerant(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line, 1));
  }
  // @ts-expect-error a map is no pivot
  @SagaMap({ pivot: true })
  pivot(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line, 1));
  }
}

const charged = defineSaga<Order>({ name: 'order', version: 1 }).step('charge', (order) => shipping.charge(order.id));
export const built = charged
  .map('ship', {
    items: (order) => order.lines,
    run: (line, { input: order, index, results }) => shipping.dispatch({ sku: `${order.id}${index}${line.sku}` }, results.charge.paidAt),
    compensation: (line, shipment, { results }) => shipping.recall(`${line.sku}${results.charge?.paidAt}`, shipment?.parcel),
    concurrency: 20,
    tolerate: { share: 0.1 },
  })
  .map('tellAll', { items: ({ lines }) => lines, run: ({ sku }) => shipping.recall(sku), when: (order) => order.lines.length > 0 })
  .step('tell', (order, { results }) => {
    const parcels: (number | undefined)[] = results.ship.map((shipment) => shipment?.parcel);
    // @ts-expect-error it may have been skipped by its guard
    results.tellAll.length;
    return shipping.charge(`${order.id}${parcels.length}${results.tellAll?.length}`);
  })
  .done();
export const ofBuilt: OutputOf<typeof built>['ship'] = [{ parcel: 1 }, undefined];

// @ts-expect-error step 'charge' is defined twice
charged.map('charge', { items: () => [1], run: () => shipping.charge('1') });
// @ts-expect-error the items are a list
charged.map('ship', { items: (order) => order.id, run: () => shipping.charge('1') });
charged.map('ship', {
  items: (order) => order.lines,
  run: (line) => shipping.dispatch(line, 1),
  // @ts-expect-error the item has no such member
  compensation: (line) => shipping.recall(line.id),
});
