import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { EFFECTS, JobSaga, KINDS, Notary, Stock, Till } from './crash-saga.js';
import { connectShortLived } from './jobs-bus.js';
import { SagaLoad } from './saga-load.js';

/** Jobs of all kinds, and their participants. */
export async function openJobLoad(folder: string, broker: string, prefix: string): Promise<SagaLoad> {
  mkdirSync(folder, { recursive: true });
  const databases = { stock: openParticipantDatabase(join(folder, 'stock.db')), till: openParticipantDatabase(join(folder, 'till.db')) };
  for (const db of Object.values(databases)) db.exec(EFFECTS);
  const app = await Skald.connect({ bus: () => connectShortLived(broker, prefix, 'load'), fenceFile: join(folder, 'fence.db') })
    .inject((container) => {
      for (const [name, db] of Object.entries(databases)) container.bind(name).toConstantValue(db);
      container.bind('notary').toConstantValue(join(folder, 'notary.log'));
    })
    .sagas(JobSaga)
    .participant(Stock, { fence: sqliteFence(databases.stock) })
    .participant(Till, { fence: sqliteFence(databases.till) })
    .participants(Notary)
    .start();
  const orderOf = (nth: number) => {
    const kind = KINDS[nth % KINDS.length] ?? 'completes';
    const id = `${kind}-${nth}`;
    return { saga: JobSaga, id, input: { id, kind } };
  };
  return new SagaLoad(app, orderOf, () => {
    for (const db of Object.values(databases)) db.close();
  });
}
