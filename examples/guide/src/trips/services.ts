import { setTimeout } from 'node:timers/promises';
import { BusinessError, Participant, SagaStep } from '@skald/decorators';
import type { Trip } from './trip.js';

/** Each of these would be a service with a database of its own; here they only say what they do, and take their time. */
const work = (what: string) => setTimeout(1_000).then(() => console.log(`  ${what}`));

// #region hotel
@Participant('hotel')
export class Hotel {
  @SagaStep({ compensation: 'cancel' })
  async book({ to, nights }: Trip) {
    await work(`hotel: ${nights} nights in ${to} booked`);
    return { room: 17, price: nights * 100 };
  }

  /** Nobody may know whether the room was booked: then there is nothing to look at but the trip. */
  async cancel({ to }: Trip, booked?: { room: number }) {
    await work(`hotel: room ${booked?.room ?? '?'} in ${to} cancelled`);
  }
}
// #endregion

// #region flight
@Participant('flight')
export class Flight {
  @SagaStep({ compensation: 'cancel' })
  async book({ to }: Trip) {
    if (to === 'atlantis') throw new BusinessError('nobody flies there');
    await work(`flight: to ${to} booked`);
    return { seat: '4A' };
  }

  async cancel({ to }: Trip) {
    await work(`flight: to ${to} cancelled`);
  }
}
// #endregion

@Participant('payment')
export class Payment {
  async charge({ who, amount }: { who: string; amount: number }) {
    await work(`payment: ${amount} charged to ${who}`);
    return { paid: amount };
  }
}
