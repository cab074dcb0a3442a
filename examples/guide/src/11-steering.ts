// What a person can do to a saga that cannot go on, or should not. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'release' })
  async reserve(item: string) {
    if (item === 'comet') throw new BusinessError('nobody sells comets');
  }
  async release(item: string) {
    console.log(`${item}: released`);
  }
  async deliver(item: string, address: string) {
    if (address === '') throw new BusinessError('no address');
    console.log(`${item}: delivered to ${address}`);
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<{ readonly item: string; readonly address: string }>({ name: 'order', version: 1, deadline: '7d' })
  .step('reserve', ({ item }) => shop.reserve(item))
  .signal('paid')
  .step('deliver', { pivot: true, run: ({ item, address }) => shop.deliver(item, address) })
  .step('thank', ({ item, address }) => shop.deliver(`thanks for ${item}`, address.slice(0, -5)))
  .done();

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
let tell = () => {};
const stuck = new Promise<void>((resolve) => (tell = resolve));
const watch = { moved: ({ parked }: { readonly parked: { readonly size: number } }) => parked.size > 0 && tell() };
const app = await Skald.embedded({ file }).sagas(order).participants(Shop).observe(watch).start();
const { sagas } = app;
const anna = { by: 'anna', reason: 'the customer called' };

await sagas.start(order, { item: 'tea', address: 'here' }, { id: '1' });
await sagas.start(order, { item: 'cup', address: 'there' }, { id: '2' });
await (await sagas.start(order, { item: 'comet', address: 'sky' }, { id: '3' })).ended();
// #region steer
console.log((await sagas.actions('order-1')).saga.join(', ')); // cancel, deadline, suspend, terminate
console.log((await sagas.plan('order-1')).levels); // what a cancel would undo: reserve, by its participant
await sagas.deadline('order-1', { ...anna, until: Date.now() + 30 * 86_400_000 });
await sagas.cancel('order-1', anna); // tea: released

await sagas.signal(order, '2', 'paid', undefined);
await stuck; // it is delivered, so there is no way back, and the thanks have no address
await sagas.patch('order-2', { ...anna, target: 'step:thank', args: ['thanks for cup', 'there'] });

const failed = { filter: { saga: 'order', status: ['failed'] }, action: { do: 'start-again' } } as const;
console.log(await sagas.bulk({ ...failed, ...anna, dryRun: true })); // one saga would be started again
const { sagaId } = await sagas.startAgain('order-3', { ...anna, input: { item: 'star map', address: 'sky' } });
// #endregion steer
for (const id of ['order-1', 'order-2']) console.log(id, (await sagas.ended(id)).status);
console.log(sagaId, (await sagas.get(sagaId)).again); // in place of order-3, by anna
await app.stop();
