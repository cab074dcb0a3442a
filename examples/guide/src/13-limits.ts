// No more than so many at the same time: instances of a saga, and commands at a participant. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Skald } from '@skald/app';
import { Participant, participant, Saga, SagaStep } from '@skald/decorators';

let kilns = 0;
let hands = 0;

@Participant('pottery')
class Pottery {
  async shape(pot: string) {
    hands += 1;
    console.log(`${pot}: shaped by ${hands} potters at once`);
    await sleep(20);
    hands -= 1;
  }
  async fire(pot: string) {
    kilns += 1;
    console.log(`${pot}: fired, ${kilns} at once`);
    await sleep(20);
    kilns -= 1;
  }
}

const pottery = participant<Pottery>('pottery');

// #region saga
@Saga({ name: 'pot', version: 1, limits: { running: 3 } })
class PotSaga {
  @SagaStep()
  shape(pot: string) {
    return pottery.shape(pot);
  }
  @SagaStep()
  fire(pot: string) {
    return pottery.fire(pot);
  }
}
// #endregion saga

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
// #region run
// Three pots are in the making at the same time, over all processes; this process carries out two commands at once.
const app = await Skald.embedded({ file }).sagas(PotSaga).participant(Pottery, { inFlight: 2 }).start();
const pots = await Promise.all(Array.from({ length: 8 }, (_, n) => app.sagas.start(PotSaga, `pot ${n}`, { id: `${n}` })));
console.log(await app.sagas.count()); // all are started, and throttled; in a moment three of them run
await app.sagas.cancel('pot-7', { by: 'anna', reason: 'seven are enough' }); // also while it waits
for (const pot of pots) await pot.ended(); // the others have their turn, in the order of their start
console.log(await app.sagas.count()); // { completed: 7, cancelled: 1 }
// #endregion run
await app.stop();
