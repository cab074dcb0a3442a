// A saga that is changed while instances of it are under way: they finish on the version they started with. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaSignal, SagaStep } from '@skald/decorators';

@Participant('shop')
class Shop {
  async act(what: string) {
    console.log(what);
  }
}

const shop = participant<Shop>('shop');

// #region versions
@Saga({ name: 'order', version: 1 })
class OrderSaga1 {
  @SagaSignal({ timeout: '7d' })
  paid() {}

  @SagaStep()
  ship(order: string) {
    return shop.act(`${order}: shipped, as version 1 does`);
  }
}

@Saga({ name: 'order', version: 2 })
class OrderSaga2 extends OrderSaga1 {
  @SagaStep()
  thank(order: string) {
    return shop.act(`${order}: thanked, which is new in version 2`);
  }
}
// #endregion versions

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const before = await Skald.embedded({ file }).sagas(OrderSaga1).participants(Shop).start();
await before.sagas.start(OrderSaga1, 'old', { id: 'old' });
await before.stop(); // the next release is deployed

// #region run
const app = await Skald.embedded({ file }).sagas(OrderSaga1, OrderSaga2).participants(Shop).start();
await app.sagas.start(OrderSaga2, 'new', { id: 'new' });
console.log(await app.sagas.versions()); // one saga of each version has not ended
for (const id of ['old', 'new']) await app.sagas.signal(OrderSaga2, id, 'paid', undefined);
for (const id of ['order-old', 'order-new']) await app.sagas.ended(id);
await app.stop();

// What is deployed is on record: another saga under the same version is refused.
@Saga({ name: 'order', version: 2, deadline: '30d' })
class Changed extends OrderSaga2 {}
await Skald.embedded({ file })
  .sagas(Changed)
  .participants(Shop)
  .start()
  .catch((error: Error) => console.log(error.message)); // deadline was not there, and is 2592000000
// #endregion run
