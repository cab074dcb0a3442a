import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Skald } from '@skald/app';
import { isEnded, SkaldError, statusOf } from '@skald/kernel';
import { Flight, Hotel, Payment } from './services.js';
import { TripSaga } from './trip.js';

// #region desk
mkdirSync('.trips', { recursive: true });
const app = await Skald.embedded({ file: '.trips/skald.db' })
  .sagas(TripSaga)
  .participants(Hotel, Flight, Payment)
  .observe({ recorded: (state) => isEnded(statusOf(state)) && console.log(`${state.sagaId}: ${statusOf(state)}`) })
  .start();

console.log('Who goes where, for how many nights? As in: ann lisbon 3');
for await (const line of createInterface({ input: process.stdin })) {
  const [who = '', to = '', nights = '1'] = line.trim().split(/\s+/);
  try {
    const { sagaId, existing } = await app.sagas.start(TripSaga, { who, to, nights: Number(nights) }, { id: `${who}-${to}` });
    console.log(existing ? `${sagaId}: is known already` : `${sagaId}: begun`);
  } catch (error) {
    console.log(error instanceof SkaldError ? error.message : error);
  }
}
await app.stop();
// #endregion
