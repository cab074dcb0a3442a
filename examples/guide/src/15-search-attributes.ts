// Sagas that are found by what they are about: by customer, by amount, by payment. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, Participant, participant, Saga, SagaStep } from '@skald/decorators';

interface Order {
  readonly customer: string;
  readonly total: number;
}

class CardDeclined extends BusinessError {
  override name = 'CardDeclined';
}

@Participant('bank')
class Bank {
  async charge(order: Order) {
    if (order.total > 100) throw new CardDeclined('the limit is 100');
    return { paymentId: `p-${order.customer}-${order.total}` };
  }
}

const bank = participant<Bank>('bank');

// #region saga
@Saga({
  name: 'order',
  version: 1,
  attributes: {
    customer: (order: Order) => order.customer,
    total: (order: Order) => order.total,
    paymentId: (_, { results }) => results.charge?.paymentId, // not there until it is known
  },
})
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return bank.charge(order);
  }
}
// #endregion saga

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Bank).start();
const orders = [5, 50, 500].flatMap((total) => ['ada', 'bob'].map((customer) => ({ customer, total })));
for (const order of orders) await (await app.sagas.start(OrderSaga, order, { id: `${order.customer}-${order.total}` })).ended();

// #region search
const { sagas } = app;
const ofAda = await sagas.list({ attributes: { customer: 'ada' } }); // newest first, a page at a time
const large = await sagas.list({ attributes: { total: { from: 50 } }, status: ['completed'] });
const payment = await sagas.list({ attributes: { paymentId: { prefix: 'p-bob-5' } } });
const declined = await sagas.list({ error: 'CardDeclined', startedAfter: new Date(Date.now() - 3_600_000) });
const askedBank = await sagas.list({ participant: 'bank', limit: 2 }); // and on with `after: askedBank.next`
// #endregion search
for (const page of [ofAda, large, payment, declined, askedBank]) console.log(page.sagas.map(({ sagaId }) => sagaId).join(' '));
await app.stop();
