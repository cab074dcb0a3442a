// Large orders wait until a person approves them; a refusal, or three days of silence, undoes what was done. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaAborted, SagaSignal, SagaStep } from '@skald/decorators';
import { z } from 'zod';

const Approval = z.object({ approved: z.boolean(), reason: z.string().optional() });
type Approval = z.infer<typeof Approval>;
type Order = { readonly id: string; readonly total: number };

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'refund' })
  async charge(order: Order) {
    console.log(`${order.id}: charged ${order.total}`);
  }
  async refund(order: Order) {
    console.log(`${order.id}: refunded`);
  }
  async ship(order: Order) {
    console.log(`${order.id}: shipped`);
  }
}

const shop = participant<Shop>('shop');

// #region saga
@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order);
  }

  @SagaSignal({ schema: Approval, when: (order: Order) => order.total > 10_000, timeout: '3d' })
  approval(decision: Approval) {
    if (!decision.approved) throw new SagaAborted(decision.reason ?? 'not approved');
  }

  @SagaStep({ pivot: true })
  ship(order: Order) {
    return shop.ship(order);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Shop).start();
const orders = [50, 20_000, 30_000].map((total, nth) => ({ id: `${nth + 1}`, total }));
const sagas = await Promise.all(orders.map((order) => app.sagas.start(OrderSaga, order, { id: order.id })));
// The same id twice is one decision, whenever it comes: also before the saga waits for it.
await app.sagas.signal(OrderSaga, '2', 'approval', { approved: true }, { id: 'mail-17', by: 'anna' });
await app.sagas.signal(OrderSaga, '2', 'approval', { approved: true }, { id: 'mail-17', by: 'anna' });
await app.sagas.signal(OrderSaga, '3', 'approval', { approved: false, reason: 'too much' }, { by: 'anna' });
for (const { ended } of sagas) console.log(await ended()); // completed, completed, compensated
await app.stop();
