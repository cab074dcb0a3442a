// A short saga of which only the end is recorded: it runs in memory, and fences make a second run the same as the first. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Skald } from '@skald/app';
import { BusinessError, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { sqliteFence } from '@skald/event-store-sqlite';

type Fare = { readonly card: string; readonly cents: number };

@Participant('cards')
class Cards {
  @SagaStep({ compensation: 'giveBack' })
  async take({ card, cents }: Fare) {
    return { card, taken: cents };
  }

  async giveBack({ card, cents }: Fare) {
    console.log(`cards: ${cents} cents go back to ${card}`);
  }
}

@Participant('gates')
class Gates {
  async open({ card }: Fare) {
    if (card === 'stolen') throw new BusinessError('this card opens no gate');
    return { opened: true };
  }
}

const cards = participant<Cards>('cards');
const gates = participant<Gates>('gates');

// #region saga
@Saga({ name: 'fare', version: 1, deadline: '10s', mode: 'express', summary: 'event' })
class FareSaga {
  @SagaStep()
  pay(fare: Fare) {
    return cards.take(fare);
  }

  @SagaStep({ after: 'pay', pivot: true })
  open(fare: Fare) {
    return gates.open(fare);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const fence = sqliteFence(new DatabaseSync(':memory:'));
const app = await Skald.embedded({ file }).sagas(FareSaga).participant(Cards, { fence }).participant(Gates, { fence }).start();
const [anna, thief] = [
  await app.sagas.start(FareSaga, { card: 'anna', cents: 240 }),
  await app.sagas.start(FareSaga, { card: 'stolen', cents: 240 }),
];
console.log(await anna.result(), (await thief.ended()).status); // both have ended when `start` resolves
console.log(await app.sagas.history(anna.sagaId)); // one event
await app.stop();
