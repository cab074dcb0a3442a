/**
 * A process for the test of waiting sagas. Arguments: the folder; what to do; how many sagas; by how much its clock is ahead, in milliseconds.
 * `fill`: starts the sagas and says so. `wait`: takes over, approves half of them when it is told to, and says so when all have ended. It
 * says what it does as messages to its parent, and is meant to be killed.
 */
import 'reflect-metadata';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Skald } from '@skald/app';
import { systemClock } from '@skald/engine';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import type { Clock } from '@skald/kernel';
import { Desk, DUE, VISITS, WaitingSaga } from './waiting-saga.js';

const [folder = '', role = 'fill', count = '0', ahead = '0'] = process.argv.slice(2);
const sagas = Number(count);
const by = Number(ahead);
const AT_ONCE = 200;

const clock: Clock = {
  now: () => systemClock.now() + by,
  at: (when, callback) => systemClock.at(when - by, callback),
};

const db = openParticipantDatabase(join(folder, 'desk.db'));
db.exec(VISITS);
const app = await Skald.embedded({ file: join(folder, 'skald.db'), clock })
  .inject((container) => {
    container.bind('desk').toConstantValue(db);
    container.bind('clock').toConstantValue(clock);
  })
  .sagas(WaitingSaga)
  .participant(Desk, { fence: sqliteFence(db) })
  .start();

async function each(ids: readonly number[], act: (id: number) => Promise<unknown>): Promise<void> {
  const left = ids.values();
  const one = async (): Promise<void> => {
    for (const id of left) await act(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

const all = Array.from({ length: sagas }, (_, id) => id);

if (role === 'fill') {
  await each(all, (id) => app.sagas.start(WaitingSaga, { id, dueAt: DUE + (id % 1_000) }, { id: `${id}` }));
  process.send?.('filled');
} else {
  process.send?.({ running: (await app.sagas.count()).running ?? 0 });
  // The same answer again says nothing new: whoever was killed in the midst of them need not remember which.
  const approvals = each(
    all.filter((id) => id % 2 === 1),
    (id) => app.sagas.signal(WaitingSaga, `${id}`, 'approval', 'anna', { id: `approval ${id}` }).catch(() => undefined),
  );
  for (let completed = 0; completed < sagas; ) {
    await setTimeout(20);
    completed = (await app.sagas.count()).completed ?? 0;
    process.send?.({ completed });
  }
  await approvals;
  await app.stop();
  process.send?.('ended', () => process.exit());
}
