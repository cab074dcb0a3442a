/**
 * A process for the crash point test: starts the sagas of its folder (or finds them), waits for their ends and prints them. Arguments: the
 * folder; where given, a crash point and how often it is reached before the process kills itself there.
 */
import 'reflect-metadata';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { Saga } from '@skald/decorators';
import type { CrashPoints } from '@skald/engine';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { EFFECTS, JobSaga, KINDS, Notary, Stock, Till } from './crash-saga.js';

const [folder = '', point, nth = '1'] = process.argv.slice(2);
let reached = 0;
const crashPoints: CrashPoints = {
  reach(here) {
    if (here === point && ++reached === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
};

const databases = new Map(['stock', 'till'].map((name) => [name, openParticipantDatabase(join(folder, `${name}.db`))]));
for (const db of databases.values()) db.exec(EFFECTS);
const fence = (name: string) => {
  const db = databases.get(name);
  if (!db) throw new Error(`no database ${name}`);
  return sqliteFence(db);
};

/** So few that most of them wait for a slot. */
@Saga({ name: 'job', version: 1, deadline: '1d', limits: { running: 2 } })
class FewJobs extends JobSaga {}

// Small batches: more places to die in.
const app = await Skald.embedded({ file: join(folder, 'skald.db'), crashPoints, inboxBatch: 4, participantBatch: 3, participantLease: 250 })
  .inject((container) => {
    for (const [name, db] of databases) container.bind(name).toConstantValue(db);
    container.bind('notary').toConstantValue(join(folder, 'notary.log'));
  })
  .sagas(FewJobs)
  .participant(Stock, { fence: fence('stock') })
  .participant(Till, { fence: fence('till') })
  .participants(Notary)
  .start();

const ends = await Promise.all(
  KINDS.map(async (kind) => {
    const saga = await app.sagas.start(FewJobs, { id: kind, kind }, { id: kind });
    const { sagaId, status } = await saga.ended();
    return [sagaId, status];
  }),
);
await app.stop();
for (const db of databases.values()) db.close();
process.stdout.write(JSON.stringify(Object.fromEntries(ends)));
