import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BusinessError, Participant, SagaStep } from '@skald/decorators';
import { inject } from 'inversify';
import { onlyRow } from './only-row.js';
import type { OrderLine } from './order.js';

/** Database of the inventory service. */
export const INVENTORY_DATABASE = Symbol('inventory database');

/** Units by sku: here, promised, gone. One reservation for an order, `lines` as JSON; it ends released or shipped, once. */
export const INVENTORY_SCHEMA = `
CREATE TABLE IF NOT EXISTS stock (
  sku TEXT PRIMARY KEY,
  available INTEGER NOT NULL CHECK (available >= 0),
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  shipped INTEGER NOT NULL DEFAULT 0 CHECK (shipped >= 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reservations (
  order_id TEXT PRIMARY KEY,
  lines TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'reserved' CHECK (state IN ('reserved', 'released', 'shipped')),
  changes INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS reservations_end_once BEFORE UPDATE OF state ON reservations
WHEN OLD.state <> 'reserved' OR NEW.state = 'reserved'
BEGIN SELECT RAISE(ABORT, 'this reservation has ended'); END;
`;

export class OutOfStock extends BusinessError {
  override name = 'OutOfStock';
}

export interface ReservationRequest {
  readonly orderId: string;
  readonly lines: readonly OrderLine[];
}

@Participant('inventory')
export class InventoryService {
  readonly #take: StatementSync;
  readonly #giveBack: StatementSync;
  readonly #handOver: StatementSync;
  readonly #reserve: StatementSync;
  readonly #end: StatementSync;

  constructor(@inject(INVENTORY_DATABASE) db: DatabaseSync) {
    db.exec(INVENTORY_SCHEMA);
    this.#take = db.prepare('UPDATE stock SET available = available - ?1, reserved = reserved + ?1 WHERE sku = ?2 AND available >= ?1');
    this.#giveBack = db.prepare('UPDATE stock SET available = available + ?1, reserved = reserved - ?1 WHERE sku = ?2');
    this.#handOver = db.prepare('UPDATE stock SET reserved = reserved - ?1, shipped = shipped + ?1 WHERE sku = ?2');
    this.#reserve = db.prepare('INSERT INTO reservations (order_id, lines) VALUES (?, ?)');
    this.#end = db.prepare('UPDATE reservations SET state = ?, changes = changes + 1 WHERE order_id = ? RETURNING lines');
  }

  /** All lines or none: what was taken for the lines before is rolled back with the error. */
  @SagaStep({ compensation: 'release' })
  async reserve({ orderId, lines }: ReservationRequest): Promise<void> {
    for (const { sku, quantity } of lines) {
      const { changes } = this.#take.run(quantity, sku);
      if (changes !== 1) throw new OutOfStock(`not enough of ${sku} in stock`, { sku, quantity });
    }
    this.#reserve.run(orderId, JSON.stringify(lines));
  }

  async release({ orderId }: ReservationRequest): Promise<void> {
    for (const { sku, quantity } of this.#ended('released', orderId)) onlyRow(this.#giveBack.run(quantity, sku), orderId);
  }

  async ship(orderId: string): Promise<{ parcel: string }> {
    for (const { sku, quantity } of this.#ended('shipped', orderId)) onlyRow(this.#handOver.run(quantity, sku), orderId);
    return { parcel: `parcel-${orderId}` };
  }

  #ended(state: 'released' | 'shipped', orderId: string): OrderLine[] {
    const row = this.#end.get(state, orderId);
    if (!row) throw new Error(`there is no reservation for order ${orderId}`);
    return JSON.parse(String(row['lines']));
  }
}
