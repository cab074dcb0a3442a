/** What the compiler holds of a step that starts another saga. */
import type { Command, StandardSchema } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { child, type DetachedChild } from './child.js';
import { Saga, SagaStep } from './decorators.js';
import type { OutputOf, SagaContext } from './typing.js';

interface Parcel {
  readonly orderId: string;
}
interface Label {
  readonly track: string;
}
declare const carrier: { label(parcel: Parcel): Command<Label> };
declare const textToNumber: StandardSchema<string, number>;

@Saga({ name: 'ship', version: 1 })
class ShipSaga {
  @SagaStep()
  label(parcel: Parcel) {
    return carrier.label(parcel);
  }
  result(_parcel: Parcel, { results }: SagaContext<ShipSaga>) {
    return { track: results.label?.track ?? '' };
  }
}

const weigh = defineSaga({ name: 'weigh', version: 1, input: textToNumber })
  .step('label', (weight) => carrier.label({ orderId: String(weight) }))
  .done();

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  ship(order: { readonly id: string }) {
    return child(ShipSaga, { orderId: order.id });
  }
  @SagaStep({ after: 'ship' })
  loose(order: { readonly id: string }) {
    return child(ShipSaga, { orderId: order.id }, { id: order.id, detached: true });
  }
  @SagaStep({ after: 'ship' })
  notify(_order: { readonly id: string }, { results }: SagaContext<OrderSaga, 'ship'>) {
    return carrier.label({ orderId: results.ship.track });
  }
}

export const output: OutputOf<typeof OrderSaga>['ship'] = { track: 't' };
export const detached: DetachedChild | undefined = child(ShipSaga, { orderId: '1' }, { detached: true }).resultType;

// @ts-expect-error the child takes another input
child(ShipSaga, { order: 1 });
// @ts-expect-error what the child's schema takes, not what it gives
child(weigh, 7);
child(weigh, '7');
// @ts-expect-error no saga
child(carrier, {});

export const order = defineSaga<{ readonly id: string }>({ name: 'order', version: 2 })
  .step('ship', (input) => child(ShipSaga, { orderId: input.id }))
  .step('notify', (_input, { results }) => carrier.label({ orderId: results.ship.track }))
  .result((_input, { results }) => results.ship.track);
