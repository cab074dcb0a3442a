import { describe, expect, test } from '@jest/globals';
import { describeDefinition, type SagaDefinition, type SagaView, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Participant, Saga, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly total: number;
  readonly lines: readonly string[];
}

// #region participants
@Participant('inventory')
class InventoryService {
  @SagaStep({ compensation: 'release' })
  async reserve(order: Order): Promise<{ reservationId: string }> {
    return { reservationId: `r-${order.id}` };
  }

  /** The reservation is absent where nobody knows whether there was one. */
  async release(_order: Order, _reservation?: { reservationId: string }): Promise<void> {}
}

@Participant('payment')
class PaymentService {
  async charge({ orderId }: { orderId: string; amount: number }): Promise<{ paymentId: string }> {
    return { paymentId: `p-${orderId}` };
  }

  async refund(_orderId: string, _paymentId?: string): Promise<void> {}
}
// #endregion

// #region clients
const inventory = participant<InventoryService>('inventory');
const payment = participant<PaymentService>('payment');
// #endregion

// #region saga
@Saga({
  ...{ name: 'order', version: 1, deadline: '7d' },
  attributes: { total: (order: Order) => order.total, payment: (_, { results }) => results.charge?.paymentId },
})
class OrderSaga {
  @SagaStep({ timeout: '5s', retry: { attempts: 5 } })
  reserveStock(order: Order) {
    return inventory.reserve(order); // undone by its participant
  }

  @SagaStep({ compensation: 'refund', when: (order: Order) => order.total > 0 })
  charge(order: Order) {
    return payment.charge({ orderId: order.id, amount: order.total });
  }

  refund(order: Order, { results }: SagaContext<OrderSaga>) {
    return payment.refund(order.id, results.charge?.paymentId);
  }

  result(order: Order, { results }: SagaContext<OrderSaga>) {
    return { orderId: order.id, paymentId: results.charge?.paymentId };
  }
}
// #endregion

// #region builder
const builtSaga = defineSaga<Order>({ name: 'order', version: 1, deadline: '7d' })
  .step('reserveStock', { timeout: '5s', retry: { attempts: 5 }, run: (order) => inventory.reserve(order) })
  .step('charge', {
    when: (order) => order.total > 0,
    run: (order) => payment.charge({ orderId: order.id, amount: order.total }),
    compensation: { name: 'refund', run: (order, charged) => payment.refund(order.id, charged?.paymentId) },
  })
  .attributes({ total: (order) => order.total, payment: (_, { results }) => results.charge?.paymentId })
  .result((order, { results }) => ({ orderId: order.id, paymentId: results.charge?.paymentId }));
// #endregion

const asData = sagaDefinition<Order, { orderId: string; paymentId: string | undefined }>({
  name: 'order',
  version: 1,
  deadline: '7d',
  steps: [
    {
      id: 'reserveStock',
      timeout: '5s',
      retry: { attempts: 5 },
      run: (order: Order) => ({ participant: 'inventory', action: 'reserve', args: [order] }),
    },
    {
      id: 'charge',
      when: (order: Order) => order.total > 0,
      run: (order: Order) => ({ participant: 'payment', action: 'charge', args: [{ orderId: order.id, amount: order.total }] }),
      compensation: {
        name: 'refund',
        run: ({ id }: Order, { results }) => {
          const paymentId: unknown = results['charge']?.paymentId;
          return { participant: 'payment', action: 'refund', args: paymentId === undefined ? [id] : [id, paymentId] };
        },
      },
    },
  ],
  attributes: { total: (order) => order.total, payment: (_, { results }) => results['charge']?.paymentId },
  result: (order, { results }) => ({ orderId: order.id, paymentId: results['charge']?.paymentId }),
});

const order: Order = { id: '42', total: 99, lines: ['a'] };
const viewWith = (results: SagaView['results']): SagaView => ({
  results,
  saga: { id: '42', name: 'order', version: 1, startedAt: 0 },
  now: 1,
});
const charged = viewWith({ reserveStock: { reservationId: 'r-42' }, charge: { paymentId: 'p-42' } });

describe('The same saga, decorated, built and written as data', () => {
  const decorated = definitionOf(OrderSaga, () => new OrderSaga());
  const all: readonly SagaDefinition<Order, unknown>[] = [decorated, builtSaga, asData];

  test('has one description', () => {
    expect(describeDefinition(decorated)).toEqual(describeDefinition(asData));
    expect(describeDefinition(builtSaga)).toEqual(describeDefinition(asData));
    expect(describeDefinition(asData)).toMatchObject({
      deadline: 604_800_000,
      result: true,
      steps: [{ after: [] }, { compensation: 'refund' }],
    });
  });

  test.each([
    { known: 'all results', view: charged },
    { known: 'no result', view: viewWith({}) },
  ])('asks for the same, with $known', ({ view }) => {
    const commandSteps = (steps: SagaDefinition['steps']) => steps.filter((step) => step.kind === 'command');
    const answers = all.map(({ steps, result, attributes }) => ({
      attributes: Object.entries(attributes ?? {}).map(([name, attribute]) => [name, attribute(order, view)]),
      commands: commandSteps(steps).map(({ run }) => run(order, view)),
      guards: steps.map(({ when }) => when?.({ ...order, total: 0 }, view)),
      compensations: commandSteps(steps).map(({ compensation }) => compensation?.run(order, view)),
      output: result?.(order, view),
    }));
    expect(answers[0]).toEqual(answers[2]);
    expect(answers[1]).toEqual(answers[2]);
    expect(answers[2]?.attributes).toEqual([
      ['total', 99],
      ['payment', view === charged ? 'p-42' : undefined],
    ]);
    expect(answers[2]?.compensations[1]?.args).toEqual(view === charged ? ['42', 'p-42'] : ['42']);
  });
});
