import { type AsyncApiDocument, asyncApi } from '@skald/async-api';
import { definitionOf, participantDefinitionOf } from '@skald/decorators';
import { InventoryService } from './inventory-service.js';
import { OrderSaga } from './order-saga.js';
import { OrderService } from './order-service.js';
import { PaymentService } from './payment-service.js';

/** What goes over Kafka between the saga and its services. */
export function shopApi(): AsyncApiDocument {
  return asyncApi({
    title: 'Order fulfilment',
    version: '1.0.0',
    prefix: 'shop',
    participants: [OrderService, PaymentService, InventoryService].map(participantDefinitionOf),
    sagas: [definitionOf(OrderSaga, () => new OrderSaga())],
  });
}

/** As it is committed: docs/reference/order-fulfilment.asyncapi.json. */
export function shopApiText(): string {
  return `${JSON.stringify(shopApi(), null, 2)}\n`;
}
