import { participant, Saga, type SagaContext, SagaStep } from '@skald/decorators';
import type { InventoryService } from './inventory-service.js';
import { type Order, OrderSchema } from './order.js';
import type { OrderService } from './order-service.js';
import type { PaymentService } from './payment-service.js';

const orders = participant<OrderService>('orders');
const payments = participant<PaymentService>('payments');
const inventory = participant<InventoryService>('inventory');

/** Orders from this total on are screened, in cents. */
export const SCREEN_FROM = 50_000;

/** Only a business error ends an order: a service that crashes or does not answer is asked again until it does. */
const untilDone = { attempts: 1_000, delay: '20ms', maxDelay: '1s' } as const;
const steady = { timeout: '10s', retry: untilDone, compensationRetry: untilDone } as const;

// #region saga
@Saga({ name: 'order', version: 1, input: OrderSchema })
export class OrderSaga {
  @SagaStep(steady)
  place({ orderId, customerId, total }: Order) {
    return orders.place({ orderId, customerId, total });
  }

  @SagaStep({ ...steady, after: 'place' })
  reserveStock({ orderId, lines }: Order) {
    return inventory.reserve({ orderId, lines });
  }

  @SagaStep({ ...steady, after: 'place' })
  authorizePayment({ orderId, total }: Order) {
    return payments.authorize({ orderId, amount: total });
  }

  @SagaStep({
    ...steady,
    timeout: '100ms',
    after: ['reserveStock', 'authorizePayment'],
    when: (order: Order) => order.total >= SCREEN_FROM,
  })
  screen({ orderId }: Order) {
    return payments.screen(orderId);
  }

  @SagaStep({ ...steady, pivot: true })
  capture({ orderId }: Order) {
    return payments.capture(orderId);
  }

  @SagaStep({ ...steady, after: 'capture' })
  ship({ orderId }: Order) {
    return inventory.ship(orderId);
  }

  @SagaStep({ ...steady, after: 'capture' })
  confirm({ orderId }: Order) {
    return orders.confirm(orderId);
  }

  result({ orderId }: Order, { results }: SagaContext<OrderSaga>) {
    return { orderId, paymentId: results.authorizePayment?.paymentId, parcel: results.ship?.parcel };
  }
}
// #endregion
