import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, Participant, participant, Saga, type SagaContext, SagaStep } from '@skald/decorators';
import { inject, injectable } from 'inversify';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly id: string;
  readonly lines: readonly string[];
  readonly total: number;
}

/** What is on the shelves and in the till: the services' own business. */
@injectable('Singleton')
class Books {
  readonly entries: string[] = [];
}

@Participant('inventory')
class InventoryService {
  constructor(@inject(Books) private readonly books: Books) {}

  @SagaStep({ compensation: 'release' })
  async reserve(order: Order): Promise<{ reservation: string }> {
    this.books.entries.push(`reserved ${order.lines.join()}`);
    return { reservation: `r-${order.id}` };
  }

  async release(_order: Order, reserved?: { reservation: string }): Promise<void> {
    this.books.entries.push(`released ${reserved?.reservation}`);
  }
}

@Participant('payment')
class PaymentService {
  constructor(@inject(Books) private readonly books: Books) {}

  async charge({ orderId, amount }: { readonly orderId: string; readonly amount: number }): Promise<{ paymentId: string }> {
    if (amount > 1_000) throw new BusinessError('over the limit');
    this.books.entries.push(`charged ${amount}`);
    return { paymentId: `p-${orderId}` };
  }

  async refund(orderId: string, paymentId: string | undefined): Promise<void> {
    this.books.entries.push(`refunded ${orderId} ${paymentId}`);
  }
}

@Participant('shipping')
class ShippingService {
  async dispatch(order: Order): Promise<{ parcel: string }> {
    if (order.lines.length === 0) throw new BusinessError('nothing to ship');
    return { parcel: `s-${order.id}` };
  }
}

const inventory = participant<InventoryService>('inventory');
const payment = participant<PaymentService>('payment');
const shipping = participant<ShippingService>('shipping');

@Saga({ name: 'order', version: 1, deadline: '7d' })
class OrderSaga {
  @SagaStep({ timeout: '5s', retry: { attempts: 5, backoff: 'exponential' } })
  reserveStock(order: Order) {
    return inventory.reserve(order);
  }

  @SagaStep({ compensation: 'refund' })
  charge(order: Order) {
    return payment.charge({ orderId: order.id, amount: order.total });
  }

  refund(order: Order, { results }: SagaContext<OrderSaga>) {
    return payment.refund(order.id, results.charge?.paymentId);
  }

  @SagaStep({ after: 'charge', pivot: true })
  ship(order: Order) {
    return shipping.dispatch(order);
  }
}

// #region test
let folder: string;
let books: Books;
let app: RunningSkald;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  books = new Books();
  app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .inject((container) => container.bind(Books).toConstantValue(books))
    .sagas(OrderSaga)
    .participants(InventoryService, PaymentService, ShippingService)
    .start();
});
afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

describe('The order saga of the front page', () => {
  const order: Order = { id: '4711', lines: ['book'], total: 30 };

  it('completes, and gives its typed results', async () => {
    const saga = await app.sagas.start(OrderSaga, order, { id: order.id });
    const { ship, charge } = await saga.result();
    expect([saga.sagaId, ship?.parcel, charge?.paymentId]).toEqual(['order-4711', 's-4711', 'p-4711']);
    expect(books.entries).toEqual(['reserved book', 'charged 30']);
  });
  // #endregion

  it('is started once for an id', async () => {
    const handles = await Promise.all([1, 2, 3].map(() => app.sagas.start(OrderSaga, { ...order }, { id: order.id })));
    expect(handles.map(({ existing }) => existing)).toEqual([false, true, true]);
    await Promise.all(handles.map((handle) => handle.result()));
    await expect(app.sagas.start(OrderSaga, { ...order, total: 31 }, { id: order.id })).rejects.toMatchObject({ code: 'saga-exists' });
    expect(books.entries).toHaveLength(2);
  });

  it('undoes what was done, in reverse order, when a step fails: by its participant, or as the saga says', async () => {
    const saga = await app.sagas.start(OrderSaga, { ...order, lines: [] }, { id: order.id });
    await expect(saga.result()).rejects.toMatchObject({
      code: 'saga-did-not-complete',
      details: { sagaId: 'order-4711', status: 'compensated', reason: 'BusinessError: nothing to ship' },
    });
    expect(books.entries).toEqual(['reserved ', 'charged 30', 'refunded 4711 p-4711', 'released r-4711']);
  });

  it('undoes only what happened', async () => {
    const saga = await app.sagas.start(OrderSaga, { ...order, total: 5_000 }, { id: order.id });
    expect(await saga.ended()).toEqual({
      sagaId: 'order-4711',
      status: 'compensated',
      output: undefined,
      reason: 'BusinessError: over the limit',
    });
    expect(books.entries).toEqual(['reserved book', 'released r-4711']);
  });
});
