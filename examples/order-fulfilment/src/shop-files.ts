import { join } from 'node:path';

export const STORE_FILE = 'skald.db';

/** Each service has a database of its own; the sagas' event store is a fourth. */
export interface ShopFiles {
  readonly store: string;
  readonly orders: string;
  readonly payments: string;
  readonly inventory: string;
}

/** In one folder. */
export function shopFiles(folder: string): ShopFiles {
  return {
    store: join(folder, STORE_FILE),
    orders: join(folder, 'orders.db'),
    payments: join(folder, 'payments.db'),
    inventory: join(folder, 'inventory.db'),
  };
}
