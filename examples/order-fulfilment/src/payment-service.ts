import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BusinessError, Participant, SagaStep } from '@skald/decorators';
import { inject } from 'inversify';
import { CardIssuer } from './card-issuer.js';
import { onlyRow } from './only-row.js';

/** Database of the payment service. */
export const PAYMENT_DATABASE = Symbol('payment database');

/** `amount` in cents. A payment goes from authorized to captured or to voided, once. */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS payments (
  order_id TEXT PRIMARY KEY,
  payment_id TEXT NOT NULL UNIQUE,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  state TEXT NOT NULL DEFAULT 'authorized' CHECK (state IN ('authorized', 'captured', 'voided')),
  screened INTEGER NOT NULL DEFAULT 0 CHECK (screened IN (0, 1)),
  changes INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS payments_are_settled_once BEFORE UPDATE OF state ON payments
WHEN OLD.state <> 'authorized' OR NEW.state = 'authorized'
BEGIN SELECT RAISE(ABORT, 'this payment has been settled'); END;
`;

export class CardDeclined extends BusinessError {
  override name = 'CardDeclined';
}

export class SuspectedFraud extends BusinessError {
  override name = 'SuspectedFraud';
}

export interface Charge {
  readonly orderId: string;
  /** In cents. */
  readonly amount: number;
}

// #region service
@Participant('payments')
export class PaymentService {
  readonly #authorize: StatementSync;
  readonly #settle: StatementSync;
  readonly #screen: StatementSync;

  constructor(
    @inject(PAYMENT_DATABASE) db: DatabaseSync,
    @inject(CardIssuer) private readonly issuer: CardIssuer,
  ) {
    db.exec(SCHEMA);
    this.#authorize = db.prepare('INSERT INTO payments (order_id, payment_id, amount) VALUES (?, ?, ?)');
    this.#settle = db.prepare('UPDATE payments SET state = ?, changes = changes + 1 WHERE order_id = ?');
    this.#screen = db.prepare('UPDATE payments SET screened = 1, changes = changes + 1 WHERE order_id = ?');
  }

  @SagaStep({ compensation: 'voidAuthorization' })
  async authorize({ orderId, amount }: Charge): Promise<{ paymentId: string }> {
    if (this.issuer.declines(orderId, amount)) throw new CardDeclined('the card was declined', { orderId });
    const paymentId = `pay-${orderId}`;
    this.#authorize.run(orderId, paymentId, amount);
    return { paymentId };
  }

  async voidAuthorization({ orderId }: Charge): Promise<void> {
    onlyRow(this.#settle.run('voided', orderId), orderId);
  }
  // #endregion

  /** A look at what is expensive. It does nothing that would have to be undone. */
  async screen(orderId: string): Promise<void> {
    if (this.issuer.suspects(orderId)) throw new SuspectedFraud('this does not look like the owner of the card', { orderId });
    onlyRow(this.#screen.run(orderId), orderId);
  }

  async capture(orderId: string): Promise<void> {
    onlyRow(this.#settle.run('captured', orderId), orderId);
  }
}
