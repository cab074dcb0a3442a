/** What the compiler holds of alternatives and optional steps. */
import { defineSaga } from './builder.js';
import { SagaSignal, SagaStep, SagaTimer } from './decorators.js';
import { participant } from './participant-proxy.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly id: string;
}
interface Shop {
  charge(id: string): Promise<{ paidAt: number }>;
  invoice(id: string): Promise<{ invoice: string }>;
  thank(id: string): Promise<{ card: string }>;
  ship(id: string, paid: string): Promise<void>;
}
const shop = participant<Shop>('shop');

export class Orders {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order.id);
  }
  @SagaStep({ instead: 'charge', on: ['CardDeclined', 'Timeout'] })
  payByInvoice(order: Order, { reason }: SagaContext<Orders>) {
    return shop.invoice(`${order.id} ${reason?.name}`);
  }
  @SagaSignal({ instead: 'charge', timeout: '3d', optional: ['Timeout'] })
  payInCash(paid: { readonly at: number }) {
    return paid.at;
  }
  @SagaTimer({ instead: 'charge', for: '3d' })
  waitForMoney() {}
  @SagaStep({ optional: true })
  thank(order: Order) {
    return shop.thank(order.id);
  }
  @SagaStep()
  ship(order: Order, { results }: SagaContext<Orders>) {
    // @ts-expect-error nobody knows which of them it was
    results.payByInvoice.invoice;
    return shop.ship(order.id, results.payByInvoice?.invoice ?? String(results.charge?.paidAt));
  }
  // @ts-expect-error in the place of a step that is not there
  @SagaStep({ instead: 'chrge' })
  misspelt(order: Order) {
    return shop.invoice(order.id);
  }
  // @ts-expect-error it names errors, and stands in for no step
  @SagaStep({ on: ['CardDeclined'] })
  aimless(order: Order) {
    return shop.invoice(order.id);
  }
  // @ts-expect-error what it stands in for has no result
  @SagaStep({ instead: 'charge' })
  unsure(order: Order, { results }: SagaContext<Orders, 'charge'>) {
    return shop.invoice(order.id + results.charge.paidAt);
  }
  // @ts-expect-error a timer cannot fail
  @SagaTimer({ for: '3d', optional: true })
  hurried() {}
}

const charged = defineSaga<Order>({ name: 'order', version: 1 })
  .step('reserve', (order) => shop.charge(order.id))
  .step('charge', (order, { results }) => shop.charge(order.id + results.reserve.paidAt));

charged
  .step('payByInvoice', {
    instead: 'charge',
    on: ['CardDeclined'],
    run: (order, { results, reason }) => {
      // @ts-expect-error what it stands in for has no result
      results.charge.paidAt;
      return shop.invoice(`${order.id} ${results.reserve.paidAt} ${reason?.message}`);
    },
  })
  .signal('payInCash', { instead: 'charge', timeout: '3d', receive: (paid: { at: number }) => paid.at })
  .wait('waitForMoney', { instead: 'charge', for: '3d' })
  .step('thank', { optional: ['Busy'], run: (order) => shop.thank(order.id) })
  .step('ship', (order, { results }) => {
    // @ts-expect-error it may have failed, and another stood in for it
    results.charge.paidAt;
    // @ts-expect-error it may not have been needed
    results.payByInvoice.invoice;
    // @ts-expect-error it may not have been needed
    results.payInCash.toFixed();
    // @ts-expect-error it may have failed
    results.thank.card;
    const known: number = results.reserve.paidAt;
    return shop.ship(order.id, results.payByInvoice?.invoice ?? `${results.charge?.paidAt} ${known} ${results.payInCash}`);
  })
  .done();

// @ts-expect-error in the place of a step that is not there
charged.step('payByInvoice', { instead: 'chrge', run: (order) => shop.invoice(order.id) });
// @ts-expect-error it names errors, and stands in for no step
charged.step('payByInvoice', { on: ['CardDeclined'], run: (order) => shop.invoice(order.id) });
charged
  .step('ship', (order, { results }) => shop.ship(order.id, String(results.charge.paidAt)))
  // @ts-expect-error ship counts on the result of charge
  .step('payByInvoice', { instead: 'charge', run: (order) => shop.invoice(order.id) });
charged
  .step('ship', { after: 'reserve', run: (order, { results }) => shop.ship(order.id, String(results.reserve.paidAt)) })
  .step('payByInvoice', { instead: 'charge', run: (order) => shop.invoice(order.id) })
  .done();
