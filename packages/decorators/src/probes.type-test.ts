/** What the compiler holds of probes. */
import type { Probed } from '@skald/kernel';
import { Participant, Probe, SagaStep } from './decorators.js';

interface Order {
  readonly id: string;
}
interface Payment {
  readonly paymentId: string;
}

@Participant('payment')
export class PaymentService {
  @SagaStep({ compensation: 'refund' })
  async charge(order: Order): Promise<Payment> {
    return { paymentId: order.id };
  }
  @Probe('charge')
  async wasCharged(order: Order, idempotencyKey: string): Promise<Probed<Payment>> {
    return order.id === '' ? { happened: 'unknown' } : { happened: true, result: { paymentId: idempotencyKey } };
  }
  async refund(_order: Order, _payment?: Payment): Promise<void> {}
  @Probe('refund')
  async wasRefunded(): Promise<Probed<void>> {
    return { happened: true };
  }
  // @ts-expect-error a probe of an action that is not there
  @Probe('chrge')
  async misspelt(_order: Order): Promise<Probed<Payment>> {
    return { happened: false };
  }
  // @ts-expect-error it answers something else
  @Probe('charge')
  async simple(_order: Order) {
    return true;
  }
  // @ts-expect-error the result of another action
  @Probe('charge')
  async other(_order: Order): Promise<Probed<number>> {
    return { happened: true, result: 7 };
  }
  // @ts-expect-error it is told something else
  @Probe('charge')
  async told(_id: number): Promise<Probed<Payment>> {
    return { happened: false };
  }
}

// @ts-expect-error where it happened there is a result
export const incomplete: Probed<Payment> = { happened: true };
