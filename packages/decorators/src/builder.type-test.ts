/** What the compiler holds of sagas written with the builder. */
import type { StandardSchema } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { participant } from './participant-proxy.js';
import type { InputOf, OutputOf, SagaRef } from './typing.js';

interface Order {
  readonly id: string;
  readonly total: number;
}
interface Payments {
  charge(order: Order): Promise<{ paymentId: string }>;
  refund(orderId: string, paymentId?: string): Promise<void>;
  dispatch(paymentId: string): Promise<{ trackingId: string }>;
}
const payment = participant<Payments>('payment');
declare const orderSchema: StandardSchema<{ id: number; total?: number }, Order>;
declare function start<R extends SagaRef>(saga: R, input: InputOf<R>): Promise<OutputOf<R>>;

const charged = defineSaga<Order>({ name: 'order', version: 1, deadline: '7d' }).step('charge', {
  timeout: '5s',
  run: (order) => payment.charge(order),
  compensation: (order, result, { reason }) => payment.refund(reason?.message ?? order.id, result?.paymentId),
});

export const whole = charged
  .step('ship', (_, { results }) => payment.dispatch(results.charge.paymentId))
  .step('ask', { when: (order) => order.total > 1, run: (order) => payment.charge(order) })
  // All that lies before is settled, so `charge` has its result; `ask` may have been skipped.
  .step('note', (order, { results }) => payment.refund(order.id + results.charge.paymentId, results.ask?.paymentId))
  .result((order, { results }) => ({ orderId: order.id, trackingId: results.ship.trackingId, asked: results.ask }));

export async function started(): Promise<void> {
  const { orderId, trackingId, asked } = await start(whole, { id: '1', total: 2 });
  const known: string = orderId + trackingId;
  // @ts-expect-error a step with a guard may have no result
  const paymentId: string = asked.paymentId;
  await start(whole, { id: known, total: paymentId.length });
  const byStep: { readonly charge: { readonly paymentId: string } } = await start(charged.done(), { id: '1', total: 2 });
  // @ts-expect-error results are known by step
  await start(charged.done(), { id: '1', total: 2, ...byStep }).then((output) => output.chrge);
}
// @ts-expect-error a member of another type
await start(whole, { id: 1, total: 2 });
// @ts-expect-error a missing member
await start(charged.done(), { id: '1' });

// A schema that converts: callers pass what goes in, steps get what comes out.
const converted = defineSaga({ name: 'converted', version: 1, input: orderSchema })
  .step('charge', (order) => payment.charge(order))
  .done();
await start(converted, { id: 1 });
// @ts-expect-error what comes out of the schema is not what goes in
await start(converted, { id: '1', total: 2 });

// @ts-expect-error step 'charge' is defined twice
charged.step('charge', (order) => payment.charge(order));
// @ts-expect-error after a step that is not there
charged.step('ship', { after: 'chrge', run: (order) => payment.charge(order) });
// @ts-expect-error after a step that comes later
charged.step('ship', { after: 'note', run: (order) => payment.charge(order) }).step('note', (order) => payment.charge(order));
// @ts-expect-error the result of a step that is not there
charged.step('ship', (_, { results }) => payment.dispatch(results.chrge.paymentId));
// @ts-expect-error no member of that name in the result
charged.step('ship', (_, { results }) => payment.dispatch(results.charge.trackingId));
// @ts-expect-error beside `charge`, not after it: there may be no result yet
charged.step('ship', { after: [], run: (_, { results }) => payment.dispatch(results.charge.paymentId) });
// @ts-expect-error a wrong argument
charged.step('ship', (order) => payment.dispatch(order.total));
// @ts-expect-error an async step
charged.step('ship', async (order) => payment.charge(order));
// @ts-expect-error a step that builds no command
charged.step('ship', (order) => order.id);
// @ts-expect-error a duration without a unit
charged.step('ship', { timeout: '5', run: (order) => payment.charge(order) });
// @ts-expect-error a guard that decides nothing
charged.step('ship', { when: (order) => order.id, run: (order) => payment.charge(order) });
charged.step('ship', {
  run: (order) => payment.charge(order),
  // @ts-expect-error the result may be unknown
  compensation: (order, result) => payment.refund(order.id, result.paymentId),
});
charged.step('ship', {
  run: (order) => payment.charge(order),
  // @ts-expect-error a compensation that builds no command
  compensation: () => undefined,
});
declare const undoNumber: (order: Order, result?: number) => ReturnType<typeof payment.refund>;
declare const undoCharge: (order: Order, result?: { paymentId: string }) => ReturnType<typeof payment.refund>;
charged.step('again', { run: (order) => payment.charge(order), compensation: { name: 'refund', run: undoCharge } });
// @ts-expect-error a compensation that takes another result
charged.step('again', { run: (order) => payment.charge(order), compensation: undoNumber });
// @ts-expect-error no step of that name
charged.result((_, { results }) => results.ship);
// @ts-expect-error without a schema or a type argument the input is unknown
defineSaga({ name: 'unknown', version: 1 }).step('charge', (order) => payment.charge(order));
// @ts-expect-error a saga needs a version
defineSaga<Order>({ name: 'unversioned' });
