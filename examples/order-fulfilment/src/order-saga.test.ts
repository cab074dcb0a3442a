import { describe, it } from '@jest/globals';
import { definitionOf } from '@skald/decorators';
import { given, outcomes, reply, start, wake } from '@skald/testkit';
import type { Order } from './order.js';
import { OrderSaga, SCREEN_FROM } from './order-saga.js';

const { succeeded, declined, reset, undone } = outcomes;

// #region test
const saga = definitionOf(OrderSaga);
const small: Order = { orderId: '1', customerId: 'ann', lines: [{ sku: 'lamp', quantity: 1 }], total: 2_000 };

/** Placed, with its stock reserved and its payment authorized. */
const authorized = (order = small) =>
  given(saga).when(
    start(saga, { input: order }),
    reply('place', succeeded),
    reply('reserveStock', succeeded),
    reply('authorizePayment', succeeded),
  );

describe('The order saga', () => {
  it('reserves and authorizes at the same time', () => {
    given(saga)
      .when(start(saga, { input: small }), reply('place', succeeded))
      .then('StepSucceeded', ['StepRequested', { step: 'reserveStock' }], ['StepRequested', { step: 'authorizePayment' }])
      .thenOwes('action reserveStock', 'action authorizePayment');
  });

  it('waits for the other one when one is declined, and undoes what was done, the order last', () => {
    given(saga)
      .when(start(saga, { input: small }), reply('place', succeeded), reply('authorizePayment', declined))
      .thenOwes('action reserveStock')
      .when(reply('reserveStock', succeeded))
      .thenOwes('compensation reserveStock')
      .when(reply('reserveStock', undone))
      .thenOwes('compensation place')
      .when(reply('place', undone))
      .thenStands('compensated');
  });

  it('screens what is expensive, and asks again when the answer does not come', () => {
    authorized().thenOwes('action capture');
    authorized({ ...small, total: SCREEN_FROM })
      .thenOwes('action screen')
      .when(wake(100))
      .then('StepTimedOut', ['StepRetryScheduled', { step: 'screen', attempt: 2 }]);
  });
});
// #endregion

describe('The pivot of the order saga', () => {
  it('leaves only forward: whatever happens to the parcel, the money is not given back', () => {
    authorized()
      .when(reply('capture', succeeded), reply('ship', reset))
      .then('StepFailed', ['StepRetryScheduled', { step: 'ship', attempt: 2 }])
      .thenStands('running');
  });

  it('turns back before it where the capture is declined: payment and stock side by side, then the order', () => {
    authorized()
      .when(reply('capture', declined))
      .thenOwes('compensation authorizePayment', 'compensation reserveStock')
      .when(reply('authorizePayment', undone), reply('reserveStock', undone))
      .thenOwes('compensation place');
  });
});
