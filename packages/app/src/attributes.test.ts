import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, defineSaga, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly customer: string;
  readonly total: number;
}

@Participant('bank')
class Bank {
  async charge(order: Order) {
    if (order.total > 100) throw Object.assign(new BusinessError('too much'), { name: 'CardDeclined' });
    return { paymentId: `p-${order.total}` };
  }
}

@Participant('shop')
class Shop {
  async ship() {}
}

const bank = participant<Bank>('bank');
const shop = participant<Shop>('shop');

@Saga({
  name: 'order',
  version: 1,
  attributes: {
    customer: (order: Order) => order.customer,
    total: (order: Order) => order.total,
    paymentId: (_, { results }) => results.pay?.paymentId,
  },
})
class OrderSaga {
  @SagaStep({ id: 'charge' })
  pay(order: Order) {
    return bank.charge(order);
  }

  @SagaStep({ when: (order: Order) => order.total > 10 })
  ship() {
    return shop.ship();
  }
}

const plain = defineSaga<number>({ name: 'plain', version: 1 })
  .step('ship', () => shop.ship())
  .attributes({ total: (n) => n })
  .done();

let folder: string;
let app: RunningSkald;

const start = () =>
  Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(OrderSaga, plain)
    .participants(Bank, Shop)
    .start();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  app = await start();
  for (const [customer, total] of [
    ['ada', 5],
    ['ada', 50],
    ['bob', 50],
    ['ada', 500],
  ] as const) {
    await (await app.sagas.start(OrderSaga, { customer, total }, { id: `${customer}-${total}` })).ended();
  }
  await (await app.sagas.start(plain, 50, { id: '1' })).ended();
});
afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

const found = async (query: Parameters<RunningSkald['sagas']['list']>[0]) =>
  (await app.sagas.list(query)).sagas.map(({ sagaId }) => sagaId);

describe('Sagas are found', () => {
  it('by attributes from input and results, by error, time and participant, alone and together', async () => {
    expect(await found({ attributes: { customer: 'ada' } })).toEqual(['order-ada-500', 'order-ada-50', 'order-ada-5']);
    expect(await found({ attributes: { total: 50 } })).toEqual(['plain-1', 'order-bob-50', 'order-ada-50']);
    expect(await found({ attributes: { total: { from: 50 } }, saga: 'order' })).toEqual(['order-ada-500', 'order-bob-50', 'order-ada-50']);
    expect(await found({ attributes: { paymentId: { prefix: 'p-5' }, customer: 'ada' } })).toEqual(['order-ada-50', 'order-ada-5']);
    expect(await found({ error: 'CardDeclined' })).toEqual(['order-ada-500']);
    expect(await found({ startedAfter: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await found({ participant: 'shop' })).toEqual(['plain-1', 'order-bob-50', 'order-ada-50']);
    expect(await found({ participant: 'shop', attributes: { customer: 'ada' } })).toEqual(['order-ada-50']);
    expect(await found({ participant: 'nobody' })).toEqual([]);
    await expect(app.sagas.list({ since: new Date(Number.NaN) })).rejects.toMatchObject({ code: 'invalid-query' });
    await expect(app.sagas.list({ attributes: { total: {} } })).rejects.toMatchObject({ code: 'invalid-query' });
  });

  it('by participant in pages, without gap or duplicate', async () => {
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await app.sagas.list({ participant: 'bank', limit: 2, ...(after !== undefined && { after }) });
      seen.push(...page.sagas.map(({ sagaId }) => sagaId));
      after = page.next;
      if (after === undefined) break;
    }
    expect(seen).toEqual(['order-ada-500', 'order-bob-50', 'order-ada-50', 'order-ada-5']);
  });

  it('by their attributes after a restart, also when the index is made anew from the events', async () => {
    expect((await app.sagas.get('order-ada-50')).attributes).toEqual({ customer: 'ada', total: 50, paymentId: 'p-50' });
    await app.stop();
    const store = await openSqliteStore({ file: join(folder, 'skald.db') });
    await store.index.clear();
    await store.close();
    app = await start();
    expect(await found({ attributes: { paymentId: 'p-50', customer: 'bob' } })).toEqual(['order-bob-50']);
    expect((await app.sagas.list({ attributes: { customer: 'bob' } })).sagas[0]?.attributes).toEqual({
      ...{ customer: 'bob', total: 50, paymentId: 'p-50' },
    });
  });
});
