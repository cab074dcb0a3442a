import { describe, expect, test } from '@jest/globals';
import { describeDefinition, sagaDefinition } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { Saga, SagaSignal, SagaStep, SagaTimer } from './decorators.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';

interface Shop {
  charge(id: string): Promise<string>;
  invoice(id: string): Promise<string>;
  thank(id: string): Promise<string>;
  ship(id: string): Promise<void>;
}
const shop = participant<Shop>('shop');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep({ id: 'pay' })
  charge(id: string) {
    return shop.charge(id);
  }
  @SagaStep({ instead: 'charge', on: ['CardDeclined'], when: (id: string) => id !== '' })
  payByInvoice(id: string) {
    return shop.invoice(id);
  }
  @SagaSignal({ instead: 'charge', timeout: '3d', optional: ['Timeout'] })
  payInCash(paid: number) {
    return paid;
  }
  @SagaTimer({ instead: 'payInCash', for: '3d' })
  patience() {}
  @SagaStep({ optional: true })
  thank(id: string) {
    return shop.thank(id);
  }
  @SagaStep()
  ship(id: string) {
    return shop.ship(id);
  }
}

const built = defineSaga<string>({ name: 'order', version: 1 })
  .step('pay', (id) => shop.charge(id))
  .step('payByInvoice', { instead: 'pay', on: ['CardDeclined'], when: (id) => id !== '', run: (id) => shop.invoice(id) })
  .signal('payInCash', { instead: 'pay', timeout: '3d', optional: ['Timeout'], receive: (paid: number) => paid })
  .wait('patience', { instead: 'payInCash', for: '3d' })
  .step('thank', { optional: true, after: 'pay', run: (id) => shop.thank(id) })
  .step('ship', (id) => shop.ship(id))
  .result((_id, { results }) => results.payInCash);

const run = (): { participant: string; action: string; args: [] } => ({ participant: 'shop', action: 'act', args: [] });
const asData = sagaDefinition<string, unknown>({
  name: 'order',
  version: 1,
  steps: [
    { id: 'pay', run },
    { id: 'payByInvoice', instead: 'pay', on: ['CardDeclined'], when: (id: string) => id !== '', run },
    { kind: 'signal', id: 'payInCash', instead: 'pay', timeout: '3d', optional: ['Timeout'] },
    { kind: 'timer', id: 'patience', instead: 'payInCash', time: '3d' },
    { id: 'thank', after: 'pay', optional: true, run },
    { id: 'ship', run },
  ],
  result: () => undefined,
});

describe('Alternatives and optional steps', () => {
  test('have one description, decorated, built and written as data', () => {
    expect(describeDefinition(built)).toEqual(describeDefinition(asData));
    expect(describeDefinition(definitionOf(OrderSaga, () => new OrderSaga()))).toEqual(describeDefinition(asData));
  });

  test('are named by method, and come after what they stand in for; what comes next waits for all of them', () => {
    expect(definitionOf(OrderSaga, () => new OrderSaga()).steps).toMatchObject([
      { id: 'pay', after: [] },
      { id: 'payByInvoice', after: ['pay'], instead: 'pay', on: ['CardDeclined'] },
      { id: 'payInCash', after: ['pay'], instead: 'pay', optional: ['Timeout'] },
      { id: 'patience', after: ['payInCash'], instead: 'payInCash' },
      { id: 'thank', after: ['pay', 'payByInvoice', 'payInCash', 'patience'], optional: true },
      { id: 'ship', after: ['thank'] },
    ]);
  });

  test('are refused in the place of what is no step', () => {
    class Misguided {
      @SagaStep({ instead: 'refund' })
      pay(id: string) {
        return shop.charge(id);
      }
      refund(id: string) {
        return shop.charge(id);
      }
    }
    Saga({ name: 'misguided', version: 1 })(Misguided);
    expect(() => definitionOf(Misguided, () => new Misguided())).toThrow('step pay stands in for refund, which is not a step (steps: pay)');
  });
});
