import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Skald } from '@skald/app';
import type { Observer } from '@skald/engine';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { CardIssuer } from './card-issuer.js';
import type { Faults } from './faults.js';
import { INVENTORY_DATABASE, InventoryService } from './inventory-service.js';
import type { OrderDesk } from './order-run.js';
import { OrderSaga } from './order-saga.js';
import { ORDER_DATABASE, OrderService } from './order-service.js';
import { PAYMENT_DATABASE, PaymentService } from './payment-service.js';
import type { ShopFiles } from './shop-files.js';
import { bindUnreliable } from './unreliable.js';

export interface ShopDatabases {
  readonly orders: DatabaseSync;
  readonly payments: DatabaseSync;
  readonly inventory: DatabaseSync;
}

/** A shop at work. */
export interface OpenShop extends OrderDesk {
  close(): Promise<void>;
}

export function openDatabases({ orders, payments, inventory }: ShopFiles): ShopDatabases {
  const open = (file: string) => {
    mkdirSync(dirname(file), { recursive: true });
    return openParticipantDatabase(file);
  };
  return { orders: open(orders), payments: open(payments), inventory: open(inventory) };
}

export function closeDatabases(databases: ShopDatabases): void {
  for (const db of Object.values(databases) as DatabaseSync[]) db.close();
}

/** The three services and their saga in one process. */
export async function openShop(
  { store: file }: ShopFiles,
  databases: ShopDatabases,
  faults: Faults,
  observer: Observer,
): Promise<OpenShop> {
  // #region wiring
  const app = await Skald.embedded({ file })
    .sagas(OrderSaga)
    .participant(OrderService, { fence: sqliteFence(databases.orders) })
    .participant(PaymentService, { fence: sqliteFence(databases.payments) })
    .participant(InventoryService, { fence: sqliteFence(databases.inventory) })
    .inject((container) => {
      container.bind(ORDER_DATABASE).toConstantValue(databases.orders);
      container.bind(PAYMENT_DATABASE).toConstantValue(databases.payments);
      container.bind(INVENTORY_DATABASE).toConstantValue(databases.inventory);
      container.bind(CardIssuer).toConstantValue(faults);
      for (const service of [OrderService, PaymentService, InventoryService]) bindUnreliable(container, service, faults);
    })
    .observe(observer)
    .start();
  // #endregion
  return { sagas: app.sagas, index: app.sagas, close: () => app.stop() };
}
