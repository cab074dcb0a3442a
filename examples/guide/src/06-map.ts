// One step for many items, known only when its turn comes: so many at a time, and some may fail. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, each, Participant, participant, Saga, type SagaContext, SagaMap, SagaStep } from '@skald/decorators';

type Order = { readonly id: string; readonly lines: readonly string[]; readonly paid: boolean };

@Participant('shipping')
class Shipping {
  @SagaStep({ compensation: 'recall' })
  async dispatch(line: string) {
    if (line.startsWith('broken')) throw new BusinessError(`${line} cannot be shipped`);
    return { parcel: `p-${line}` };
  }
  async recall(line: string) {
    if (line.endsWith('0')) console.log(`${line}: recalled`);
  }
  async handOver(paid: boolean): Promise<void> {
    if (!paid) throw new BusinessError('not paid');
  }
}

const shipping = participant<Shipping>('shipping');

// #region saga
@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaMap({ concurrency: 20, tolerate: { failures: 1 } }) // or { share: 0.1 }; more, and the step fails
  ship(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line));
  }
  @SagaStep({ pivot: true })
  handOver(order: Order) {
    return shipping.handOver(order.paid);
  }
  result(_order: Order, { results }: SagaContext<OrderSaga, 'ship'>) {
    return results.ship.map((shipment) => shipment?.parcel ?? 'none'); // in the order of the lines
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(Shipping).start();
const start = (id: string, lines: readonly string[], paid = true) => app.sagas.start(OrderSaga, { id, lines, paid }, { id });

const small = await start('small', ['a', 'broken', 'c']);
console.log(await small.result()); // [ 'p-a', 'none', 'p-c' ]

const broken = await start('broken', ['a', 'broken 1', 'broken 2']);
console.log((await broken.ended()).reason); // 2 of 3 items failed, and 1 may; the first was ship/1: …

const hundreds = Array.from({ length: 300 }, (_, line) => `line ${line}`);
const large = await start('large', hundreds, false); // all 300 are shipped, it is not paid, all 300 are recalled
console.log((await large.ended()).status);
await app.stop();
