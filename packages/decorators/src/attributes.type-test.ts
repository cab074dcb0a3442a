/** What the compiler holds of search attributes. */
import type { StandardSchema } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Saga, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly total: number;
}
interface Payments {
  charge(order: Order): Promise<{ paymentId: string; at: number }>;
}
const payment = participant<Payments>('payment');
declare const orderSchema: StandardSchema<unknown, Order>;

// ── decorated: the input's type comes from the schema, or is annotated ──

@Saga({
  name: 'order',
  version: 1,
  input: orderSchema,
  attributes: {
    order: (order) => order.id,
    isLarge: (order) => order.total > 100,
    paymentId: (_, { results }) => results.charge?.paymentId,
    paidAt: (_, { results }) => (results.charge ? new Date(results.charge.at) : undefined),
  },
})
export class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
}

@Saga({
  name: 'order',
  version: 1,
  attributes: {
    total: (order: Order) => order.total,
    payment: (_: Order, { results }: SagaContext<Annotated>) => results.charge?.paymentId,
  },
})
export class Annotated {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
}

// @ts-expect-error the input of the attributes is not that of the saga
@Saga({ name: 'order', version: 1, attributes: { total: (order: { readonly sum: number }) => order.sum } })
export class OtherInput {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
}

// @ts-expect-error the context of another saga
@Saga({ name: 'order', version: 1, attributes: { paid: (_: Order, { results }: SagaContext<OrderSaga>) => results.charge?.paymentId } })
export class OtherContext {
  @SagaStep()
  pay(order: Order) {
    return payment.charge(order);
  }
}

// @ts-expect-error an object is no attribute
Saga({ name: 'order', version: 1, attributes: { order: (order: Order) => order } });
// @ts-expect-error nor is what comes later
Saga({ name: 'order', version: 1, attributes: { order: async (order: Order) => order.id } });

// ── built: results are inferred ──

defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (order) => payment.charge(order))
  .attributes({ total: (order) => order.total, paymentId: (_, { results }) => results.charge?.paymentId })
  .done();

defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (order) => payment.charge(order))
  // @ts-expect-error the result may not be there yet
  .attributes({ paymentId: (_, { results }) => results.charge.paymentId });

defineSaga<Order>({ name: 'order', version: 1 })
  // @ts-expect-error no step of that name comes before
  .attributes({ paymentId: (_, { results }) => results.charge?.paymentId });
