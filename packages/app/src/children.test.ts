import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BusinessError,
  child,
  defineSaga,
  Participant,
  participant,
  Saga,
  type SagaContext,
  type SagaRef,
  SagaStep,
} from '@skald/decorators';
import type { Command, StandardSchema } from '@skald/kernel';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly id: string;
  readonly fails?: boolean;
}
interface Parcel {
  readonly orderId: string;
}

const log: string[] = [];

@Participant('depot')
class Depot {
  @SagaStep({ compensation: 'unpack' })
  async pack({ orderId }: Parcel): Promise<{ parcel: string }> {
    log.push(`pack ${orderId}`);
    return { parcel: `P-${orderId}` };
  }
  async unpack({ orderId }: Parcel): Promise<void> {
    log.push(`unpack ${orderId}`);
  }
  async invoice({ id, fails }: Order, parcel?: string): Promise<void> {
    if (fails) throw new BusinessError('the books are closed');
    log.push(`invoice ${id} ${parcel}`);
  }
}
const depot = participant<Depot>('depot');

/** Refuses everything that is no parcel, also what answers to everything. */
const schema: StandardSchema<Parcel, Parcel> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Parcel).orderId === 'string'
        ? { value: value as Parcel }
        : { issues: [{ message: 'must be a string', path: ['orderId'] }] },
  },
};

@Saga({ name: 'shipment', version: 1, input: schema })
class ShipmentSaga {
  @SagaStep()
  pack(parcel: Parcel) {
    return depot.pack(parcel);
  }
  result(_parcel: Parcel, { results }: SagaContext<ShipmentSaga>) {
    return results.pack?.parcel ?? '';
  }
}

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  ship(order: Order) {
    return child(ShipmentSaga, { orderId: order.id });
  }
  @SagaStep({ after: 'ship' })
  invoice(order: Order, { results }: SagaContext<OrderSaga, 'ship'>) {
    return depot.invoice(order, results.ship);
  }
}

@Saga({ name: 'tree', version: 1, limits: { running: 5 } })
class TreeSaga {
  @SagaStep({ when: (order: Order) => order.id.length > 1 })
  grow(order: Order): Command<unknown> {
    return child(TreeSaga, { id: order.id.slice(1) });
  }
}

const final = defineSaga<Parcel>({ name: 'final', version: 1 })
  .step('pack', { run: (parcel) => depot.pack(parcel), pivot: true })
  .done();

let folder: string;
let app: RunningSkald | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  log.length = 0;
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  rmSync(folder, { recursive: true });
});

async function start(...sagas: readonly SagaRef[]): Promise<RunningSkald> {
  app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(...sagas)
    .participants(Depot)
    .start();
  return app;
}

describe('A saga that starts another', () => {
  it('has its output as the result of the step, and is shown as its parent', async () => {
    const { sagas } = await start(OrderSaga, ShipmentSaga);
    const order = await sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    expect(await order.result()).toEqual({ ship: 'P-1' });
    expect(log).toEqual(['pack 1', 'invoice 1 P-1']);
    const [shipment] = (await sagas.list({ saga: 'shipment' })).sagas;
    expect((await sagas.get(shipment?.sagaId ?? '')).parent).toMatchObject({ sagaId: 'order-1', step: 'ship', round: 1 });
  });

  it('has it undone when it turns back', async () => {
    const { sagas } = await start(OrderSaga, ShipmentSaga);
    const order = await sagas.start(OrderSaga, { id: '1', fails: true }, { id: '1' });
    expect((await order.ended()).status).toBe('compensated');
    const [shipment] = (await sagas.list({ saga: 'shipment' })).sagas;
    expect(await sagas.ended(shipment?.sagaId ?? '')).toMatchObject({
      status: 'compensated',
      reason: 'the saga that started it has turned back',
    });
    expect(log).toEqual(['pack 1', 'unpack 1']);
  });

  it('suspends with the reason when the child’s schema refuses what its step gives it', async () => {
    const wrong = defineSaga<Order>({ name: 'wrong', version: 1 })
      .step('ship', (order) => child(ShipmentSaga, { orderId: order.id === '' ? '' : (7 as never) }))
      .done();
    const { sagas } = await start(wrong, ShipmentSaga);
    const { sagaId } = await sagas.start(wrong, { id: '1' }, { id: '1' });
    expect([...(await sagas.get(sagaId)).parked.values()]).toMatchObject([{ error: { name: 'invalid-input' } }]);
  });

  it('does not start where the child is not registered, whatever its schema says of a tried input', async () => {
    await expect(start(OrderSaga)).rejects.toMatchObject({
      code: 'invalid-definition',
      message: expect.stringContaining('step ship: it starts saga shipment version 1, which is not registered'),
    });
  });

  it('does not start where the child has a pivot and the step is none; as a pivot, or detached, it may', async () => {
    const saga = (pivot: boolean, detached: boolean) =>
      defineSaga<Order>({ name: 'order', version: 1 })
        .step('ship', {
          run: (order): Command<unknown> =>
            detached ? child(final, { orderId: order.id }, { detached: true }) : child(final, { orderId: order.id }),
          pivot,
        })
        .done();
    await expect(start(saga(false, false), final)).rejects.toMatchObject({
      message: expect.stringContaining('whose step pack is a pivot'),
    });
    for (const [pivot, detached] of [
      [true, false],
      [false, true],
    ] as const) {
      const { sagas, stop } = await start(saga(pivot, detached), final);
      const order = await sagas.start(saga(pivot, detached), { id: `${detached}` }, { id: `${detached}` }).catch((error: Error) => error);
      expect(order).not.toBeInstanceOf(Error);
      if (!(order instanceof Error)) expect((await order.ended()).status).toBe('completed');
      await stop.call(app);
      rmSync(join(folder, 'skald.db'));
      app = undefined;
    }
  });

  it('does not start where sagas with a limit would wait for others of their own name, and those for a slot', async () => {
    await expect(start(TreeSaga)).rejects.toMatchObject({
      code: 'invalid-definition',
      message: expect.stringContaining('step grow: it waits for saga tree: with limits.running'),
    });
  });

  it('starts children of its own when it is started again; one of a given id is there already, and belongs to the one before', async () => {
    const named = defineSaga<Order>({ name: 'named', version: 1 })
      .step('ship', (order) => child(ShipmentSaga, { orderId: order.id }, { id: `for-${order.id}` }))
      .step('invoice', (order, { results }) => depot.invoice(order, results.ship))
      .done();
    const { sagas } = await start(OrderSaga, named, ShipmentSaga);
    const again = { by: 'ann', reason: 'the books are open again', input: { id: '1' } };
    for (const saga of [OrderSaga, named])
      expect((await (await sagas.start(saga, { id: '1', fails: true }, { id: '1' })).ended()).status).toBe('compensated');
    log.length = 0;
    expect(await (await sagas.startAgain('order-1', again)).ended()).toMatchObject({ status: 'completed' });
    expect(log).toEqual(['pack 1', 'invoice 1 P-1']);
    const ended = await (await sagas.startAgain('named-1', again)).ended();
    expect(ended).toMatchObject({ status: 'failed', reason: expect.stringContaining('ChildExists: saga shipment-for-1 is there already') });
    expect(await sagas.ended('shipment-for-1')).toMatchObject({ status: 'compensated' });
  });
});
