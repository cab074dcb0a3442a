import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';

export interface Order {
  readonly item: string;
  readonly total: number;
}

class CardDeclined extends BusinessError {
  override name = 'CardDeclined';
}

/** What does not work tonight, and how work takes its time. */
export const night = {
  warehouseIsDown: false,
  carrierIsDown: false,
  takes: async (_milliseconds: number): Promise<void> => {},
};

@Participant('inventory')
export class Inventory {
  @SagaStep({ compensation: 'release' })
  async reserve(order: Order) {
    await night.takes(180);
    return { shelf: `A${order.item.length}` };
  }

  async release(_order: Order) {
    await night.takes(90);
    if (night.warehouseIsDown) throw new Error('the warehouse does not answer');
  }
}

@Participant('payment')
export class Payment {
  @SagaStep({ compensation: 'refund' })
  async charge(order: Order) {
    await night.takes(640);
    if (order.total > 2_000) throw new CardDeclined('the limit is 2,000');
    return { paid: order.total };
  }

  async refund(_order: Order) {
    await night.takes(310);
  }
}

@Participant('carrier')
export class Carrier {
  async ship(order: Order) {
    await night.takes(1_250);
    if (night.carrierIsDown) throw new Error('the carrier’s gateway answers 503');
    return { parcel: `P-${order.total}` };
  }

  async notify(_order: Order) {
    await night.takes(40);
  }
}

const inventory = participant<Inventory>('inventory');
const payment = participant<Payment>('payment');
const carrier = participant<Carrier>('carrier');

export const order = defineSaga<Order>({ name: 'order', version: 1, deadline: '7d' })
  .step('reserve', { run: (order) => inventory.reserve(order), compensationRetry: { attempts: 3, delay: '1s', jitter: 0 } })
  .step('charge', { after: 'reserve', run: (order) => payment.charge(order) })
  .signal('approval', { after: 'reserve', when: (order) => order.total > 1_000, timeout: '3d' })
  .wait('coolOff', { after: ['charge', 'approval'], when: (order) => order.item === 'piano', for: '2h' })
  .step('ship', { pivot: true, retry: { attempts: 2, delay: '1s', jitter: 0 }, run: (order) => carrier.ship(order) })
  .step('notify', (order) => carrier.notify(order))
  .done();
