// A saga that waits: for a cooling-off period, and until a date that it computes. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaStep, SagaTimer } from '@skald/decorators';

interface Order {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly shipAt: number;
}

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'refund' })
  async charge(order: Order) {
    console.log(`${order.id}: charged`);
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

  @SagaTimer({ for: '150ms' }) // in real life: '14d'; it waits for years as well
  coolOff() {}

  @SagaTimer()
  untilShipping(order: Order) {
    return new Date(order.shipAt); // a time in the past is not waited for
  }

  @SagaStep({ pivot: true })
  ship(order: Order) {
    return shop.ship(order);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Shop).start();
const kept = await app.sagas.start(OrderSaga, { id: 'kept', shipAt: Date.now() + 300 }, { id: 'kept' });
const regretted = await app.sagas.start(OrderSaga, { id: 'regretted', shipAt: 0 }, { id: 'regretted' });
await app.sagas.cancel(regretted.sagaId, { by: 'the customer', reason: 'I do not want it any more' }); // the waiting ends at once
console.log((await regretted.ended()).status, (await kept.ended()).status); // cancelled completed
await app.stop();
