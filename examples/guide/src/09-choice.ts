// A choice: its guards exclude one another, and the steps of one branch run. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaChoice, SagaStep } from '@skald/decorators';

type Order = { readonly id: string; readonly total: number };

@Participant('shop')
class Shop {
  async pack({ id }: Order) {
    return `packed ${id}`;
  }
  async inspect({ id }: Order) {
    return `inspected ${id}`;
  }
  async insure({ id }: Order) {
    return `insured ${id}`;
  }
  async ship({ id }: Order) {
    return `shipped ${id}`;
  }
}

const shop = participant<Shop>('shop');

// #region saga
@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaChoice({ branches: { large: (order: Order) => order.total > 1_000 }, otherwise: 'small' })
  size(branch: 'large' | 'small') {
    return branch; // its result
  }
  @SagaStep({ branch: 'size.large' })
  inspect(order: Order) {
    return shop.inspect(order);
  }
  @SagaStep({ branch: 'size.large' })
  insure(order: Order) {
    return shop.insure(order);
  }
  @SagaStep({ branch: 'size.small' })
  pack(order: Order) {
    return shop.pack(order);
  }
  @SagaStep({ pivot: true }) // comes after the ends of both branches
  ship(order: Order) {
    return shop.ship(order);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Shop).start();
const sagas = [50, 5_000].map((total) => app.sagas.start(OrderSaga, { id: `${total}`, total }, { id: `${total}` }));
for (const saga of sagas) console.log(await (await saga).result());
await app.stop();
