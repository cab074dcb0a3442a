// An order starts a saga of its own for the shipment, waits for it, and has it undone when it turns back itself. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, child, Participant, participant, Saga, SagaStep } from '@skald/decorators';

type Parcel = { readonly orderId: string };
type Order = { readonly id: string; readonly closed: boolean };

@Participant('depot')
class Depot {
  @SagaStep({ compensation: 'unpack' })
  async pack({ orderId }: Parcel) {
    console.log(`${orderId}: packed`);
    return { parcel: `P-${orderId}` };
  }
  async unpack({ orderId }: Parcel) {
    console.log(`${orderId}: unpacked`);
  }
  async invoice({ id, closed }: Order) {
    if (closed) throw new BusinessError('the books are closed');
    console.log(`${id}: invoiced`);
  }
}

const depot = participant<Depot>('depot');

// #region sagas
@Saga({ name: 'shipment', version: 1 })
class ShipmentSaga {
  @SagaStep()
  pack(parcel: Parcel) {
    return depot.pack(parcel);
  }
}

@Saga({ name: 'order', version: 1, deadline: '7d' })
class OrderSaga {
  @SagaStep()
  ship(order: Order) {
    return child(ShipmentSaga, { orderId: order.id }); // { detached: true }: start it, and let it go
  }
  @SagaStep()
  invoice(order: Order) {
    return depot.invoice(order);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga, ShipmentSaga).participants(Depot).start();
for (const id of ['1', '2']) {
  const saga = await app.sagas.start(OrderSaga, { id, closed: id === '2' }, { id });
  console.log((await saga.ended()).status); // completed; compensated: the shipment too
}
for (const { sagaId, status } of (await app.sagas.list({ saga: 'shipment' })).sagas) console.log(sagaId, status);
await app.stop();
