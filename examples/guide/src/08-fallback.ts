// When a step fails: another in its place, or nothing at all. Only what cannot be caught turns the saga back. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, Participant, participant, Saga, type SagaContext, SagaStep } from '@skald/decorators';

type Order = { readonly id: string; readonly total: number };
class CardDeclined extends BusinessError {
  override name = 'CardDeclined';
}

@Participant('payment')
class Payment {
  @SagaStep({ compensation: 'refund' })
  async charge({ id, total }: Order) {
    if (total > 1_000) throw new BusinessError(`${id} owes too much`);
    if (total > 100) throw new CardDeclined(`${total} is over the limit`);
    return { card: `c-${id}` };
  }
  async refund({ id }: Order) {
    console.log(`${id}: refunded`);
  }
  async invoice({ id }: Order) {
    return { invoice: `i-${id}` };
  }
  async giftWrap({ id }: Order): Promise<void> {
    throw new BusinessError(`${id}: no paper left`);
  }
}

const payment = participant<Payment>('payment');

// #region saga
@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
  @SagaStep({ instead: 'charge', on: ['CardDeclined', 'Timeout'] })
  payByInvoice(order: Order) {
    return payment.invoice(order); // charge is known not to have happened, also where it timed out
  }
  @SagaStep({ optional: true })
  giftWrap(order: Order) {
    return payment.giftWrap(order);
  }
  result(_order: Order, { results }: SagaContext<OrderSaga>) {
    return results.payByInvoice?.invoice ?? results.charge?.card;
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Payment).start();
const orders = [50, 500, 5_000].map((total) => ({ id: `${total}`, total }));
const sagas = await Promise.all(orders.map((order) => app.sagas.start(OrderSaga, order, { id: order.id })));
for (const { ended } of sagas) console.log(await ended()); // completed c-50, completed i-500, failed: 5000 owes too much
await app.stop();
