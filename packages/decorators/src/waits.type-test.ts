/** What the compiler holds of steps that wait. */
import { defineSaga } from './builder.js';
import { SagaStep, SagaTimer } from './decorators.js';
import { participant } from './participant-proxy.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly shipAt: number;
}
interface Shop {
  charge(id: string): Promise<{ paidAt: number }>;
}
const shop = participant<Shop>('shop');

export class Timers {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order.id);
  }
  @SagaTimer({ for: '3d', after: 'charge', when: (order: Order) => order.shipAt > 0 })
  coolOff() {}
  @SagaTimer({ after: 'charge' })
  untilDate(_order: Order, { results }: SagaContext<Timers, 'charge'>) {
    return new Date(results.charge.paidAt);
  }
  @SagaTimer()
  milliseconds(order: Order) {
    return order.shipAt;
  }
  // @ts-expect-error a text is no time: write { for: '3d' }
  @SagaTimer()
  text() {
    return '3d';
  }
  // @ts-expect-error nothing says how long
  @SagaTimer()
  empty() {}
  // @ts-expect-error a duration without a unit
  @SagaTimer({ for: '3' })
  unitless() {}
  // @ts-expect-error after a step that is not there
  @SagaTimer({ for: '3d', after: 'chrge' })
  misspelt() {}
  // @ts-expect-error the result of a step that it does not come after may be absent
  @SagaTimer()
  unsure(_order: Order, { results }: SagaContext<Timers, 'charge'>) {
    return results.charge.paidAt;
  }
  // @ts-expect-error an async timer
  @SagaTimer()
  async later(order: Order) {
    return new Date(order.shipAt);
  }
}

const charged = defineSaga<Order>({ name: 'order', version: 1 }).step('charge', (order) => shop.charge(order.id));
charged
  .wait('coolOff', '3d')
  .step('tell', { after: 'coolOff', run: (order, { results }) => shop.charge(order.id + results.charge.paidAt) });
charged.wait('until', { until: (_, { results }) => new Date(results.charge.paidAt) });
charged.wait('coolOff', { after: [], for: '3d', when: (order) => order.shipAt > 0 });
// @ts-expect-error a duration without a unit
charged.wait('coolOff', '3');
// @ts-expect-error step 'charge' is defined twice
charged.wait('charge', '3d');
// @ts-expect-error after a step that is not there
charged.wait('coolOff', { for: '3d', after: 'chrge' });
// @ts-expect-error neither how long nor until when
charged.wait('coolOff', { after: 'charge' });
// @ts-expect-error beside `charge`, not after it: there may be no result yet
charged.wait('until', { after: [], until: (_, { results }) => results.charge.paidAt });
