// A command carries its saga's deadline: a participant that gets to it too late does not begin it. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { sqliteFence } from '@skald/event-store-sqlite';

// #region participant
@Participant('kitchen')
class Kitchen {
  @SagaStep({ compensation: 'throwAway' })
  async cook(dish: string) {
    await new Promise((resolve) => setTimeout(resolve, 400)); // in a transaction: one after the other
    console.log(`kitchen: ${dish} is ready`);
  }

  async throwAway(dish: string) {
    console.log(`kitchen: ${dish} is thrown away`);
  }
}
// #endregion

const kitchen = participant<Kitchen>('kitchen');

// #region saga
@Saga({ name: 'dinner', version: 1, deadline: '200ms' })
class DinnerSaga {
  @SagaStep({ after: [] })
  soup(_guest: string) {
    return kitchen.cook('soup');
  }

  @SagaStep({ after: [] })
  roast(_guest: string) {
    return kitchen.cook('roast'); // its turn comes after the deadline: refused, and known not to have happened
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const fence = sqliteFence(new DatabaseSync(':memory:'));
const app = await Skald.embedded({ file }).sagas(DinnerSaga).participant(Kitchen, { fence }).start();
const dinner = await app.sagas.start(DinnerSaga, 'anna');
console.log((await dinner.ended()).reason); // the deadline passed; the soup is thrown away, the roast was never begun
for (const { type, data } of await app.sagas.history(dinner.sagaId)) if (type === 'StepFailed') console.log(data.step, data.error.message);
await app.stop();
