// Two services, a saga over them, and what happens when the second says no. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { z } from 'zod';

const Order = z.object({ id: z.string(), item: z.string(), total: z.number().positive() });
type Order = z.infer<typeof Order>;

// #region participants
@Participant('inventory')
class InventoryService {
  @SagaStep({ compensation: 'release' })
  async reserve(order: Order) {
    console.log(`inventory: ${order.item} reserved`);
    return { reservation: `r-${order.id}` };
  }

  /** The outcome of `reserve` may be unknown: then there is no reservation to look at, only the order. */
  async release(order: Order, reserved?: { reservation: string }) {
    console.log(`inventory: ${reserved?.reservation ?? order.id} released`);
  }
}

class CardDeclined extends BusinessError {
  override name = 'CardDeclined';
}

@Participant('payment')
class PaymentService {
  async charge(order: Order) {
    if (order.total > 100) throw new CardDeclined(`the limit is 100, not ${order.total}`);
    return { paid: order.total };
  }
}
// #endregion

// #region saga
const inventory = participant<InventoryService>('inventory');
const payment = participant<PaymentService>('payment');

@Saga({ name: 'order', version: 1, input: Order })
class OrderSaga {
  @SagaStep()
  reserveStock(order: Order) {
    return inventory.reserve(order); // undone by its participant
  }

  @SagaStep({ timeout: '5s', retry: { attempts: 5 } })
  charge(order: Order) {
    return payment.charge(order);
  }
}
// #endregion

// #region run
const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(InventoryService, PaymentService).start();

const small = await app.sagas.start(OrderSaga, { id: '1', item: 'lamp', total: 30 }, { id: '1' });
console.log(await small.result()); // { reserveStock: { reservation: 'r-1' }, charge: { paid: 30 } }

const large = await app.sagas.start(OrderSaga, { id: '2', item: 'sofa', total: 900 }, { id: '2' });
console.log(await large.ended()); // compensated: the sofa has been released

await app.stop();
// #endregion
