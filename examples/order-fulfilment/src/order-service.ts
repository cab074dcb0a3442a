import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Participant, SagaStep } from '@skald/decorators';
import { inject } from 'inversify';
import { onlyRow } from './only-row.js';

/** Database of the order service. */
export const ORDER_DATABASE = Symbol('order database');

/** `total` in cents. `changes` counts what was done to a row, for the audit: nothing may be done twice. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
  order_id TEXT PRIMARY KEY,
  customer_id TEXT NOT NULL,
  total INTEGER NOT NULL CHECK (total >= 0),
  state TEXT NOT NULL DEFAULT 'placed' CHECK (state IN ('placed', 'confirmed', 'rejected')),
  changes INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS orders_are_decided_once BEFORE UPDATE OF state ON orders WHEN OLD.state <> 'placed' OR NEW.state = 'placed'
BEGIN SELECT RAISE(ABORT, 'this order has been decided on'); END;
`;

export interface NewOrder {
  readonly orderId: string;
  readonly customerId: string;
  readonly total: number;
}

@Participant('orders')
export class OrderService {
  readonly #place: StatementSync;
  readonly #decide: StatementSync;

  constructor(@inject(ORDER_DATABASE) db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#place = db.prepare('INSERT INTO orders (order_id, customer_id, total) VALUES (?, ?, ?)');
    this.#decide = db.prepare('UPDATE orders SET state = ?, changes = changes + 1 WHERE order_id = ?');
  }

  @SagaStep({ compensation: 'reject' })
  async place({ orderId, customerId, total }: NewOrder): Promise<void> {
    this.#place.run(orderId, customerId, total);
  }

  async reject({ orderId }: NewOrder): Promise<void> {
    onlyRow(this.#decide.run('rejected', orderId), orderId);
  }

  async confirm(orderId: string): Promise<void> {
    onlyRow(this.#decide.run('confirmed', orderId), orderId);
  }
}
