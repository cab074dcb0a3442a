/** A process of one of the services: `node dist/service.js orders|payments|inventory`, told all else by its environment. */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { Skald } from '@skald/app';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { CardIssuer } from './card-issuer.js';
import { connectBus, faultsOf, fileOf } from './environment.js';
import { INVENTORY_DATABASE, InventoryService } from './inventory-service.js';
import { live } from './lifeline.js';
import { readStock } from './order-file.js';
import { ORDER_DATABASE, OrderService } from './order-service.js';
import { patiently } from './patience.js';
import { PAYMENT_DATABASE, PaymentService } from './payment-service.js';
import { fillStock } from './stock.js';
import { bindUnreliable } from './unreliable.js';

const SERVICES = {
  orders: { type: OrderService, database: ORDER_DATABASE },
  payments: { type: PaymentService, database: PAYMENT_DATABASE },
  inventory: { type: InventoryService, database: INVENTORY_DATABASE },
} as const;

const { env } = process;

function isService(name: string | undefined): name is keyof typeof SERVICES {
  return name !== undefined && Object.hasOwn(SERVICES, name);
}

await live(env, async () => {
  const name = process.argv[2];
  if (!isService(name)) throw new Error(`node dist/service.js ${Object.keys(SERVICES).join('|')}`);
  const { type, database } = SERVICES[name];
  const db = openParticipantDatabase(fileOf(env, name));
  if (name === 'inventory' && env['STOCK_FILE']) fillStock(db, readStock(readFileSync(env['STOCK_FILE'], 'utf8')));
  const faults = faultsOf(env);
  // #region service
  const app = await patiently(() =>
    Skald.connect({ bus: () => connectBus(env, name) })
      .participant(type, { fence: sqliteFence(db) })
      .inject((container) => {
        container.bind(database).toConstantValue(db);
        container.bind(CardIssuer).toConstantValue(faults);
        bindUnreliable(container, type, faults);
      })
      .start(),
  );
  // #endregion
  return {
    async stop() {
      await app.stop();
      db.close();
    },
  };
});
