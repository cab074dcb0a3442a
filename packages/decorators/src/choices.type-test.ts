/** What the compiler holds of choices and their branches. */
import { defineSaga } from './builder.js';
import { SagaChoice, SagaSignal, SagaStep, SagaTimer } from './decorators.js';
import { participant } from './participant-proxy.js';
import type { SagaContext } from './typing.js';

interface Order {
  readonly id: string;
  readonly total: number;
}
interface Shop {
  pay(id: string): Promise<{ paidAt: number }>;
  send(id: string): Promise<{ parcel: string }>;
}
const shop = participant<Shop>('shop');

export class Orders {
  @SagaStep()
  pay(order: Order) {
    return shop.pay(order.id);
  }
  @SagaChoice({ branches: { large: (order: Order) => order.total > 100 }, otherwise: 'small', after: 'pay' })
  size(branch: 'large' | 'small') {
    return branch;
  }
  @SagaChoice({
    branches: { early: (_order: Order, { results }: SagaContext<Orders>) => (results.pay?.paidAt ?? 0) < 1, late: () => false },
    branch: 'size.small',
  })
  time() {}
  @SagaStep({ branch: 'size.large', after: ['size', 'pay'] })
  insure(order: Order, { results }: SagaContext<Orders, 'pay' | 'size'>) {
    const known: 'large' | 'small' = results.size;
    return shop.send(order.id + known + results.pay.paidAt);
  }
  @SagaTimer({ branch: 'time.late', for: '1d' })
  patience() {}
  @SagaSignal({ branch: 'size.small' })
  told(what: string) {
    return what;
  }
  // @ts-expect-error a branch of a choice that is not there
  @SagaStep({ branch: 'sise.large' })
  misspelt(order: Order) {
    return shop.send(order.id);
  }
  // @ts-expect-error a branch that its choice has not
  @SagaStep({ branch: 'size.huge' })
  unknownBranch(order: Order) {
    return shop.send(order.id);
  }
  // @ts-expect-error no branch at all
  @SagaStep({ branch: 'size' })
  noBranch(order: Order) {
    return shop.send(order.id);
  }
  // @ts-expect-error it has branches that its method does not know
  @SagaChoice({ branches: { large: () => true }, otherwise: 'tiny' })
  other(branch: 'large' | 'small') {
    return branch;
  }
  // @ts-expect-error a guard that answers no boolean
  @SagaChoice({ branches: { large: () => 'yes' } })
  textual() {}
}

const sized = defineSaga<Order>({ name: 'order', version: 1 })
  .step('pay', (order) => shop.pay(order.id))
  .choice('size', { branches: { large: (order, { results }) => order.total > results.pay.paidAt }, otherwise: 'small' });

const saga = sized
  .step('insure', {
    branch: 'size.large',
    run: (order, { results }) => {
      const known: 'large' | 'small' = results.size;
      return shop.send(order.id + known + results.pay.paidAt);
    },
  })
  .step('guard', { branch: 'size.large', run: (_order, { results }) => shop.send(results.insure.parcel) })
  .choice('time', { branch: 'size.small', branches: { early: () => true, late: () => false } })
  .step('hurry', { branch: 'time.early', run: (_order, { results }) => shop.send(results.time) })
  .step('wrap', {
    branch: 'size.small',
    run: (_order, { results }) => {
      // @ts-expect-error that is another branch
      results.insure.parcel;
      // @ts-expect-error that is another branch of a choice in this one
      results.hurry.parcel;
      return shop.send(`${results.time} ${results.pay.paidAt} ${results.hurry?.parcel}`);
    },
  })
  .step('send', (order, { results }) => {
    // @ts-expect-error another branch may have been taken
    results.guard.parcel;
    return shop.send(`${order.id} ${results.size} ${results.guard?.parcel ?? results.wrap?.parcel}`);
  })
  .step('claimed', {
    after: 'insure',
    run: (_order, { results }) => {
      // @ts-expect-error coming after it does not make it run
      results.insure.parcel;
      return shop.send(`${results.size} ${results.insure?.parcel}`);
    },
  });
saga.result((_order, { results }) => {
  // @ts-expect-error another branch may have been taken
  results.insure.parcel;
  return results.send.parcel;
});

// @ts-expect-error a branch that its choice has not
sized.step('insure', { branch: 'size.huge', run: (order) => shop.send(order.id) });
// @ts-expect-error step 'pay' is defined twice
sized.choice('pay', { branches: { x: () => true } });
// @ts-expect-error a guard that answers no boolean
sized.choice('other', { branches: { x: () => 'yes' } });
