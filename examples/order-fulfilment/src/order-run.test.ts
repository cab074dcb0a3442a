import 'reflect-metadata';
import { expect, test } from '@jest/globals';
import type { SagaStatus } from '@skald/kernel';
import { type OrderDesk, OrderRun } from './order-run.js';

const order = (orderId: string) => ({ orderId, customerId: 'c', lines: [{ sku: 'tea', quantity: 1 }], total: 1 });

/** A desk whose sagas end when they are started; `there` is what its index says. */
function desk(run: () => OrderRun, there: Readonly<Record<string, SagaStatus>> = {}) {
  const started: string[] = [];
  const sagas = Object.entries(there).map(([id, status]) => ({ sagaId: `order-${id}`, status }));
  const open = {
    sagas: {
      async start(_: unknown, { orderId }: { readonly orderId: string }) {
        started.push(orderId);
        run().heard(`order-${orderId}`, 'running');
        run().heard(`order-${orderId}`, 'completed');
      },
    },
    index: { list: async () => ({ sagas }) },
  };
  return { open: open as unknown as OrderDesk, started };
}

test('what is there from an earlier run is not started again, and what had not ended is waited for', async () => {
  const run = new OrderRun();
  const { open, started } = desk(() => run, { a: 'completed', b: 'running' });
  expect(await run.recall(open)).toBe(1);
  const figures = run.process(open, ['a', 'b', 'c'].map(order));
  run.heard('order-b', 'compensated');
  expect((await figures).ended).toBe(2);
  expect([started, run.counts()]).toEqual([['c'], { completed: 2, compensated: 1 }]);
});

test('an order that an earlier run asked for and that is started only now is not waited for when it has ended', async () => {
  const run = new OrderRun();
  const { open, started } = desk(() => run);
  await run.recall(open);
  for (const status of ['running', 'completed'] as const) run.heard('order-b', status);
  expect((await run.process(open, ['a', 'b'].map(order))).ended).toBe(2);
  expect(started).toEqual(['a']);
});

test('news that comes while the index is read is newer than the index', async () => {
  const run = new OrderRun();
  const { open } = desk(() => run, { a: 'running' });
  const { list } = open.index;
  Object.assign(open.index, {
    list: async () => {
      const page = await list({});
      run.heard('order-a', 'completed');
      return page;
    },
  });
  await run.recall(open);
  expect((await run.process(open, [order('a')])).ended).toBe(1);
});
