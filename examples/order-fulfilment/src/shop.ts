import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type RunningSkald, Skald } from '@skald/app';
import type { CommandContext, Observer } from '@skald/engine';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { CardIssuer } from './card-issuer.js';
import type { Faults } from './faults.js';
import { INVENTORY_DATABASE, InventoryService } from './inventory-service.js';
import { OrderSaga } from './order-saga.js';
import { ORDER_DATABASE, OrderService } from './order-service.js';
import { PAYMENT_DATABASE, PaymentService } from './payment-service.js';
import { unreliable } from './unreliable.js';

/** Each service has a database of its own; the sagas' event store is a fourth. */
export interface ShopDatabases {
  readonly orders: DatabaseSync;
  readonly payments: DatabaseSync;
  readonly inventory: DatabaseSync;
}

export const STORE_FILE = 'skald.db';

export function openDatabases(folder: string): ShopDatabases {
  mkdirSync(folder, { recursive: true });
  return {
    orders: openParticipantDatabase(join(folder, 'orders.db')),
    payments: openParticipantDatabase(join(folder, 'payments.db')),
    inventory: openParticipantDatabase(join(folder, 'inventory.db')),
  };
}

export function closeDatabases(databases: ShopDatabases): void {
  for (const db of Object.values(databases) as DatabaseSync[]) db.close();
}

/** The three services and their saga in one process. */
export function openShop(folder: string, databases: ShopDatabases, faults: Faults, observer: Observer): Promise<RunningSkald> {
  const crashOf = ({ sagaId }: CommandContext, action: string) => faults.crash(sagaId, action);
  // #region wiring
  return Skald.embedded({ file: join(folder, STORE_FILE) })
    .sagas(OrderSaga)
    .participant(OrderService, { fence: sqliteFence(databases.orders) })
    .participant(PaymentService, { fence: sqliteFence(databases.payments) })
    .participant(InventoryService, { fence: sqliteFence(databases.inventory) })
    .inject((container) => {
      container.bind(ORDER_DATABASE).toConstantValue(databases.orders);
      container.bind(PAYMENT_DATABASE).toConstantValue(databases.payments);
      container.bind(INVENTORY_DATABASE).toConstantValue(databases.inventory);
      container.bind(CardIssuer).toConstantValue(faults);
      for (const service of [OrderService, PaymentService, InventoryService]) {
        container
          .bind<object>(service)
          .to(service)
          .inSingletonScope()
          .onActivation((_, made) => unreliable(made, crashOf));
      }
    })
    .observe(observer)
    .start();
  // #endregion
}
