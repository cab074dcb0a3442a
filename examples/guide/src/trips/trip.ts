import { participant, Saga, SagaAborted, type SagaContext, SagaSignal, SagaStep } from '@skald/decorators';
import { z } from 'zod';
import type { Flight, Hotel, Payment } from './services.js';

export const Trip = z.object({ who: z.string().min(1), to: z.string().min(1), nights: z.number().int().positive() });
export type Trip = z.infer<typeof Trip>;

const Approval = z.object({ approved: z.boolean() });

// #region saga
const hotel = participant<Hotel>('hotel');
const flight = participant<Flight>('flight');
const payment = participant<Payment>('payment');

@Saga({ name: 'trip', version: 1, input: Trip })
export class TripSaga {
  @SagaStep()
  room(trip: Trip) {
    return hotel.book(trip);
  }

  @SagaStep()
  seat(trip: Trip) {
    return flight.book(trip);
  }

  @SagaSignal({ schema: Approval, when: (trip: Trip) => trip.nights > 7, timeout: '3d' })
  approval({ approved }: z.infer<typeof Approval>) {
    if (!approved) throw new SagaAborted('too long');
  }

  @SagaStep({ pivot: true })
  pay({ who }: Trip, { results }: SagaContext<TripSaga>) {
    return payment.charge({ who, amount: results.room?.price ?? 0 });
  }
}
// #endregion
