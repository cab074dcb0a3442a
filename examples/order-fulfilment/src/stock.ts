import type { DatabaseSync } from 'node:sqlite';
import { INVENTORY_SCHEMA } from './inventory-service.js';

/** Once for a database, all of it or nothing, whoever else tries at the same time. */
export function fillStock(db: DatabaseSync, stock: ReadonlyMap<string, number>): void {
  db.exec(INVENTORY_SCHEMA);
  const put = db.prepare('INSERT INTO stock (sku, available) VALUES (?, ?)');
  db.exec('BEGIN IMMEDIATE');
  if (!db.prepare('SELECT 1 FROM stock').get()) for (const [sku, quantity] of stock) put.run(sku, quantity);
  db.exec('COMMIT');
}
