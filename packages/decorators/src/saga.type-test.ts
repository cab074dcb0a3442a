/** What the compiler holds of saga classes, of their start and of their result. */
import type { Command, StandardSchema } from '@skald/kernel';
import { Saga, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { InputOf, OutputOf, SagaContext, SagaRef } from './typing.js';

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
declare const orderSchema: StandardSchema<unknown, Order>;
declare const numberSchema: StandardSchema<unknown, number>;

@Saga({ name: 'order', version: 1, input: orderSchema })
class OrderSaga {
  @SagaStep({ compensation: 'refund', timeout: '5s', retry: { attempts: 5, backoff: 'fixed' } })
  charge(order: Order) {
    return payment.charge(order);
  }

  refund(order: Order, { results, reason }: SagaContext<OrderSaga>) {
    // @ts-expect-error the result of the own step may be unknown
    results.charge.paymentId;
    return payment.refund(reason?.message ?? order.id, results.charge?.paymentId);
  }

  @SagaStep({ after: 'charge', when: (order: Order) => order.total > 1, pivot: true })
  ship(_order: Order, { results, now }: SagaContext<OrderSaga, 'charge'>) {
    return payment.dispatch(results.charge.paymentId + now);
  }

  @SagaStep({ after: ['charge', 'ship'], when: (_: Order, { results }: SagaContext<OrderSaga>) => results.ship !== undefined })
  note(order: Order, { results }: SagaContext<OrderSaga>) {
    // @ts-expect-error no step of that name
    results.chrge;
    return payment.refund(order.id, results.ship?.trackingId);
  }

  result(order: Order, { results }: SagaContext<OrderSaga>) {
    return { orderId: order.id, trackingId: results.ship?.trackingId };
  }
}

// ── start and result ──

declare function start<R extends SagaRef>(saga: R, input: InputOf<R>): Promise<OutputOf<R>>;

export async function started(): Promise<void> {
  const output = await start(OrderSaga, { id: '1', total: 2 });
  const orderId: string = output.orderId;
  // @ts-expect-error the tracking id may be absent
  const trackingId: string = output.trackingId;
  const definition = definitionOf(OrderSaga, () => new OrderSaga());
  const same: { readonly orderId: string } = await start(definition, { id: orderId, total: trackingId.length });
  // @ts-expect-error a member of another type
  await start(definition, { id: 1, total: same });
}
// @ts-expect-error a missing member
await start(OrderSaga, { id: '1' });
// @ts-expect-error a member of another type
await start(OrderSaga, { id: '1', total: '2' });
// @ts-expect-error a member that the input does not have
await start(OrderSaga, { id: '1', total: 2, colour: 'red' });
// @ts-expect-error an instance is not a saga
await start(new OrderSaga(), { id: '1', total: 2 });

class WithoutResult {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
  helper(): number {
    return 1;
  }
}
export const paymentId = async (): Promise<string | undefined> => (await start(WithoutResult, { id: '', total: 0 })).charge?.paymentId;
// @ts-expect-error a method that is no step has no result
export const helper = async () => (await start(WithoutResult, { id: '', total: 0 })).helper;

// ── @Saga ──

// @ts-expect-error an async step
@Saga({ name: 'async', version: 1 })
class AsyncStep {
  @SagaStep()
  async charge(order: Order): Promise<Command> {
    return payment.charge(order);
  }
}

// @ts-expect-error the schema gives another input
@Saga({ name: 'other-input', version: 1, input: numberSchema })
class OtherInput {
  @SagaStep()
  charge(order: Order) {
    return payment.charge(order);
  }
}

// @ts-expect-error the result is not what the schema of the output says
@Saga({ name: 'other-output', version: 1, output: numberSchema })
class OtherOutput {
  result(order: Order) {
    return order.id;
  }
}

// @ts-expect-error an async result
@Saga({ name: 'async-result', version: 1 })
class AsyncResult {
  async result(order: Order) {
    return order.id;
  }
}

// @ts-expect-error a saga needs a version
@Saga({ name: 'unversioned' })
class Unversioned {}

// ── @SagaStep on a step ──

class Steps {
  @SagaStep()
  first(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a misspelt compensation
  @SagaStep({ compensation: 'refnd' })
  misspelt(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a private compensation
  @SagaStep({ compensation: 'hidden' })
  privately(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a compensation that takes another input
  @SagaStep({ compensation: 'byNumber' })
  otherInput(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a compensation that builds no command
  @SagaStep({ compensation: 'nothing' })
  noCommand(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a compensation that takes the result, as a participant's does: a saga's takes the context
  @SagaStep({ compensation: 'byResult' })
  byParticipantsRules(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error after a step that is not there
  @SagaStep({ after: 'frist' })
  afterNothing(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error one of several is not there
  @SagaStep({ after: ['first', 'secnd'] })
  afterOneOfTwo(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error claims a result that `after` does not prove
  @SagaStep({ after: 'misspelt' })
  unproved(_order: Order, { results }: SagaContext<Steps, 'first'>) {
    return payment.dispatch(results.first.paymentId);
  }

  // @ts-expect-error `when` without annotation: its parameter is unknown
  @SagaStep({ when: (order) => order.total > 1 })
  unannotated(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a guard for another input
  @SagaStep({ when: (count: number) => count > 1 })
  otherGuard(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a guard with the context of another saga
  @SagaStep({ when: (_: Order, { results }: SagaContext<OrderSaga>) => results.ship === undefined })
  otherContext(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a duration without a unit
  @SagaStep({ timeout: '5' })
  timeout(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error an option that is not there
  @SagaStep({ retries: 5 })
  unknownOption(order: Order) {
    return payment.charge(order);
  }

  // @ts-expect-error a property is not a step
  @SagaStep()
  property = (order: Order) => payment.charge(order);

  byNumber(count: number) {
    return payment.refund(String(count));
  }
  byResult(order: Order, _result?: { paymentId: string }) {
    return payment.refund(order.id);
  }
  nothing(_order: Order): void {}
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: a compensation that nobody may name
  private hidden(order: Order) {
    return payment.refund(order.id);
  }
}

export const tested = [AsyncStep, OtherInput, OtherOutput, AsyncResult, Unversioned, Steps];
