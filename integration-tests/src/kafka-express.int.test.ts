import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RunningSkald, Skald } from '@skald/app';
import { openParticipantDatabase, openSqliteStore, sqliteFence } from '@skald/event-store-sqlite';
import { Counter, CountSaga, DONE } from './express-saga.js';
import { connectShortLived } from './jobs-bus.js';

const brokers = process.env['KAFKA_BROKERS'];
const whyNot = process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set';
const fixture = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'express-manager.js');
const cleanUp: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function manager(folder: string, prefix: string, name: string): Promise<ChildProcess> {
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const child = fork(fixture, [folder, brokers ?? '', prefix, name], { execArgv });
  cleanUp.push(() => child.kill('SIGKILL'));
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('a manager ended')));
  });
  return child;
}

async function started(app: Skald): Promise<RunningSkald> {
  const running = await app.start();
  cleanUp.push(() => running.stop());
  return running;
}

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('Express sagas over Kafka', () => {
  it('X1, X2: whose manager is killed are run again by another; everybody is answered and nothing happens twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skald-express-'));
    cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
    const prefix = `express-${randomUUID()}`;
    const db = openParticipantDatabase(join(folder, 'counter.db'));
    cleanUp.push(() => db.close());
    db.exec(DONE);
    const count = (what: string) => Number(db.prepare('SELECT count(*) AS n FROM done WHERE what = ?').get(what)?.['n']);
    const bus = (name: string) => () => connectShortLived(brokers ?? '', prefix, name);
    await started(
      Skald.connect({ bus: bus('counter') })
        .inject((container) => void container.bind('db').toConstantValue(db))
        .participant(Counter, { fence: sqliteFence(db) }),
    );
    const first = await manager(folder, prefix, 'first');
    const client = await started(Skald.connect({ bus: bus('client') }).sagas(CountSaga));
    const ids = Array.from({ length: 60 }, (_, n) => `n${n}`);
    const ends = Promise.all(ids.map(async (id) => (await client.sagas.start(CountSaga, id, { id })).ended()));
    while (count('finish') < 10) await new Promise((resolve) => setTimeout(resolve, 5));
    first.kill('SIGKILL');
    await manager(folder, prefix, 'second');
    const statuses = (await ends).map(({ status }) => status);
    expect(statuses).toEqual(ids.map((id) => (id.endsWith('7') ? 'compensated' : 'completed')));
    const twice = db.prepare('SELECT what, id FROM done GROUP BY what, id HAVING count(*) > 1').all();
    expect([twice, count('take'), count('take back'), count('finish')]).toEqual([[], 60, 6, 54]);
    const store = await openSqliteStore({ file: join(folder, 'skald.db'), shared: true });
    expect(await store.index.count()).toEqual({ completed: 54, compensated: 6 });
    await store.close();
  });
});
