import { describe, expect, it } from '@jest/globals';
import type { SagaEvent } from '@skald/kernel';
import { MemoryEventStore } from '@skald/testkit';
import { Activation } from './activation.js';
import { encodeEvents } from './event-codec.js';

const STARTED: SagaEvent = {
  type: 'SagaStarted',
  at: 1,
  data: { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'a', input: {}, inputHash: 'h', request: 'r' },
};

async function storeWith(events: number, stream = 'order-1'): Promise<MemoryEventStore> {
  const store = new MemoryEventStore();
  const later = Array.from(
    { length: events - 1 },
    (_, i): SagaEvent => ({ type: 'DeadlinePassed', at: 2 + i, data: { pastPivot: false } }),
  );
  await store.append([{ stream, expectedRevision: -1, events: encodeEvents([STARTED, ...later], 'start', stream) }]);
  return store;
}

describe('Activation', () => {
  it('V1: loads the fold over the stream, however long it is, with the hash of its last event', async () => {
    const store = await storeWith(2_345);
    const { state, head, published, indexed } = await new Activation(store, 10).load('order-1');
    expect(state).toMatchObject({ sagaId: 'order-1', revision: 2_344, at: 2_345 });
    expect(head).toBe((await store.read('order-1', { from: 2_344 }))[0]?.hash);
    expect([published, indexed]).toEqual([-1, undefined]);
  });

  it('C2: has the name of the stream for a head where there is none', async () => {
    expect(await new Activation(new MemoryEventStore(), 10).load('order-1')).toMatchObject({
      head: 'order-1',
      state: { phase: 'new', revision: -1 },
    });
  });

  it('keeps as many states as it may, those used last', async () => {
    const activation = new Activation(new MemoryEventStore(), 2);
    for (const id of ['a', 'b']) activation.keep(id, activation.fresh(id));
    activation.cached('a');
    activation.keep('c', activation.fresh('c'));
    expect(['a', 'b', 'c'].map((id) => activation.cached(id) !== undefined)).toEqual([true, false, true]);
  });

  it('V3: keeps fewer states where they have many steps, and the one used last whatever it weighs', async () => {
    const activation = new Activation(new MemoryEventStore(), 10);
    const withSteps = (id: string, steps: number) => {
      const fresh = activation.fresh(id);
      for (let at = 0; at < steps; at++) fresh.state.steps.set(`many/${at}`, {} as never);
      return fresh;
    };
    for (const id of ['a', 'b', 'c']) activation.keep(id, withSteps(id, 10));
    activation.keep('large', withSteps('large', 90));
    expect(['a', 'b', 'c', 'large'].map((id) => activation.cached(id) !== undefined)).toEqual([false, false, true, true]);
    const grown = withSteps('larger', 0);
    activation.keep('larger', grown);
    for (let at = 0; at < 1_000; at++) grown.state.steps.set(`many/${at}`, {} as never);
    activation.keep('larger', grown);
    expect(['c', 'large', 'larger'].map((id) => activation.cached(id) !== undefined)).toEqual([false, false, true]);
    activation.forget('larger');
    for (let nth = 0; nth < 11; nth++) activation.keep(`${nth}`, activation.fresh(`${nth}`));
    expect(['0', '1', '10'].map((id) => activation.cached(id) !== undefined)).toEqual([false, true, true]);
  });

  it('V1: has nothing at hand of what was dropped', async () => {
    const activation = new Activation(await storeWith(1), 2);
    activation.keep('order-1', await activation.load('order-1'));
    activation.drop('order-1');
    expect(activation.cached('order-1')).toBeUndefined();
  });

  it('V2: knows after a reload what it has published, but not after the end, and not in another life of the owner', async () => {
    const store = await storeWith(3);
    const activation = new Activation(store, 1);
    activation.keep('order-1', { ...(await activation.load('order-1')), published: 2 });
    activation.keep('order-2', activation.fresh('order-2'));
    expect((await activation.load('order-1')).published).toBe(2);
    activation.forget('order-1');
    expect((await activation.load('order-1')).published).toBe(-1);
    expect((await new Activation(store, 1).load('order-1')).published).toBe(-1);
  });

  it('A2, V2: forgets up to where it has published of the sagas that are another owner’s', async () => {
    const activation = new Activation(await storeWith(3), 1);
    activation.keep('order-1', { ...(await activation.load('order-1')), published: 2 });
    activation.drop('order-1');
    activation.keepOnly((sagaId) => sagaId === 'order-1');
    expect((await activation.load('order-1')).published).toBe(2);
    activation.keepOnly(() => false);
    expect((await activation.load('order-1')).published).toBe(-1);
  });

  it('V2: takes nothing for published that is only about to be stored', async () => {
    const activation = new Activation(await storeWith(3), 1);
    activation.keep('order-1', await activation.load('order-1'));
    activation.drop('order-1');
    expect((await activation.load('order-1')).published).toBe(-1);
    expect(activation.fresh('order-1').published).toBe(-1);
  });

  it('knows whether somebody else has written since', async () => {
    const store = await storeWith(2);
    const activation = new Activation(store, 1);
    const activated = await activation.load('order-1');
    expect(await activation.isStale('order-1', activated)).toBe(false);
    const events = encodeEvents([{ type: 'DeadlinePassed', at: 9, data: { pastPivot: false } }], 'wake', activated.head);
    await store.append([{ stream: 'order-1', expectedRevision: 1, events }]);
    expect(await activation.isStale('order-1', activated)).toBe(true);
  });
});
