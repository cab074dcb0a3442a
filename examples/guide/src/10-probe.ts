// Somebody else's API, and an answer that got lost: the participant is asked whether it happened. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Participant, Probe, type Probed, participant, Saga, SagaStep } from '@skald/decorators';

type Order = { readonly id: string; readonly total: number };
type Payment = { readonly paymentId: string };

/** The bank's books; its answer gets lost over 10, and 13 is not even booked. */
const books = new Map<string, Payment>();

// #region participant
@Participant('payment')
class PaymentService {
  @SagaStep({ compensation: 'refund' })
  async charge({ id, total }: Order): Promise<Payment> {
    if (total !== 13) books.set(id, { paymentId: `p-${id}` });
    if (total > 10) throw new Error('socket reset'); // it may have happened, and may not
    return { paymentId: `p-${id}` };
  }

  async refund({ id }: Order): Promise<void> {
    console.log(`${id}: refunded`);
    books.delete(id);
  }

  /** Answers `unknown` where the bank could still be at it, and throws where the bank does not answer. */
  @Probe('charge')
  async wasCharged({ id }: Order, idempotencyKey: string): Promise<Probed<Payment>> {
    const payment = books.get(id);
    console.log(`${idempotencyKey.replace(/\/.*\//, '/')}: ${payment ? 'charged' : 'not charged'}`);
    return payment ? { happened: true, result: payment } : { happened: false };
  }
}
// #endregion

const payment = participant<PaymentService>('payment');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep({ retry: { attempts: 1 }, onUnknown: 'probe' }) // else it would be refunded, and the saga turn back
  charge(order: Order) {
    return payment.charge(order);
  }
}

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(OrderSaga).participants(PaymentService).start();
for (const [id, total] of Object.entries({ answered: 1, charged: 12, lost: 13 })) {
  const saga = await app.sagas.start(OrderSaga, { id, total }, { id });
  console.log(id, (await saga.ended()).status); // completed, completed, failed
}
await app.stop();
