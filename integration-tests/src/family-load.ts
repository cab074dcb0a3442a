import { join } from 'node:path';
import { type RunningSkald, Skald } from '@skald/app';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { Depot, FAMILIES, FAMILY_EFFECTS, OrderSaga, Till } from './family-saga.js';
import { connectShortLived } from './jobs-bus.js';
import { SagaLoad } from './saga-load.js';

/** Families of all kinds, and their participants, with their database `effects.db`. */
export async function openFamilyLoad(folder: string, broker: string, prefix: string): Promise<SagaLoad> {
  const db = openParticipantDatabase(join(folder, 'effects.db'));
  db.exec(FAMILY_EFFECTS);
  const app = await Skald.connect({ bus: () => connectShortLived(broker, prefix, 'load') })
    .inject((container) => void container.bind('db').toConstantValue(db))
    .sagas(OrderSaga)
    .participant(Till, { fence: sqliteFence(db) })
    .participant(Depot, { fence: sqliteFence(db) })
    .start();
  const orderOf = (nth: number) => {
    const family = FAMILIES[nth % FAMILIES.length] ?? 'completes';
    const id = `${family}-${nth}`;
    const cancel = (running: RunningSkald) =>
      running.sagas.cancel(`order-${id}`, { by: 'a person', reason: 'not wanted any more', request: `cancel ${id}` });
    return { saga: OrderSaga, id, input: { id, family }, ...(family === 'cancelled' && { afterwards: cancel }) };
  };
  return new SagaLoad(app, orderOf, () => db.close());
}
