import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openSqliteStore, type SqliteStore } from '@skald/event-store-sqlite';
import { type Authorship, authorship } from './authorship.js';
import { brokenHistories } from './broken-histories.js';
import { MOST_RUNNING } from './crash-saga.js';
import { openJobLoad } from './job-load.js';
import { JobOwners } from './job-owners.js';
import { startKafka, whyNoKafka } from './kafka-broker.js';
import { until } from './kafka-load.js';
import type { SagaLoad } from './saga-load.js';
import { mostAtOnce } from './slots-held.js';

/**
 * R1  What a manager was told is stored is there, and nothing of an append that met a conflict is. Two managers were told so of one event only where
 *     one of them was frozen: both had decided the same, in the same millisecond.
 * R2  Each effect is made once.
 * R3  Every saga ends, as it would have ended with one manager; laws and chain hold.
 * R4  A partition has one owner at a time, as far as managers are not frozen or killed. Who was frozen gives it up before the others are asked to
 *     join again.
 * R5  Never do more sagas hold a slot than may run at the same time.
 */
const whyNot = whyNoKafka();
const cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'skald-rebalance-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  const kafka = await startKafka();
  cleanUp.push(() => kafka.stop());
  const [broker = ''] = kafka.brokers;
  const prefix = `rebalance-${randomUUID()}`;
  const load = await openJobLoad(folder, broker, prefix);
  cleanUp.push(() => load.close());
  const owners = new JobOwners(folder, broker, prefix);
  cleanUp.push(() => owners.removeAll());
  const all = (...names: string[]) =>
    until(() => names.reduce((sum, name) => sum + owners.owned(name).size, 0) === 6 && names.every((name) => owners.owned(name).size > 0));
  /** So many more are under way before the next change. */
  const more = async () => {
    const before = load.started.size;
    await until(() => load.started.size > before + 30);
  };
  return { folder, load, owners, all, more };
}

/** R2: made more than once. */
function repeatedEffects(folder: string): unknown[] {
  return ['stock', 'till'].flatMap((name) => {
    const db = new DatabaseSync(join(folder, `${name}.db`), { readOnly: true });
    const rows = db.prepare('SELECT key, what, count(*) AS times FROM effects GROUP BY key, what HAVING times > 1').all();
    db.close();
    return rows;
  });
}

async function statuses({ index }: SqliteStore): Promise<Map<string, string>> {
  const { sagas } = await index.list({ limit: 1_000_000 });
  return new Map(sagas.map(({ sagaId, status }) => [sagaId.slice('job-'.length), status]));
}

function expectedStatus(id: string): string {
  return /^(completes|flaky|flaky-elsewhere)-\d+$/.test(id) ? 'completed' : 'compensated';
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('Managers that come and go under load', () => {
  it('R1, R2, R3, R4: come, and go in order: no saga is handled by two of them', async () => {
    const { folder, load, owners, all, more } = await open();
    await owners.add('a');
    load.start();
    await more();
    await owners.add('b');
    await all('a', 'b');
    await more();
    await owners.add('c');
    await all('a', 'b', 'c');
    await more();
    await owners.remove('a', 'SIGTERM');
    await all('b', 'c');
    await more();
    await owners.remove('b', 'SIGTERM');
    await all('c');
    await owners.add('d');
    await all('c', 'd');
    await more();
    const found = await finish(folder, load, owners);
    expect(found).toMatchObject({ missing: [], agreed: [], intruding: [], unclaimed: 0 });
    expect(found.handedOver).toBeGreaterThan(0);
    expect(owners.overlaps()).toEqual([]);
  });

  it('R1, R2, R3, R4: are frozen until they are no owners any more, go on as if they were, and are killed: to no effect', async () => {
    const { folder, load, owners, all, more } = await open();
    await owners.add('a');
    await owners.add('b');
    await all('a', 'b');
    load.start();
    for (let round = 0; round < 2; round += 1) {
      await more();
      await freeze(owners, 'a', folder);
      await all('b');
      await more();
      owners.thaw('a');
      await all('a', 'b');
    }
    await more();
    await owners.remove('b', 'SIGKILL');
    await all('a');
    await owners.add('c');
    await all('a', 'c');
    await more();
    const found = await finish(folder, load, owners);
    expect(found).toMatchObject({ missing: [], intruding: [] });
    expect(found.handedOver).toBeGreaterThan(0);
    const overlaps = owners.overlaps();
    expect(overlaps.length).toBeGreaterThan(0);
    expect(overlaps.filter(([frozen, other]) => frozen.to > other.to)).toEqual([]);
  });
});

/** Between its writes: whoever stands still inside one keeps the file that they share from all others, and nobody could take over. */
async function freeze(owners: JobOwners, name: string, folder: string): Promise<void> {
  for (;;) {
    await owners.freeze(name);
    if (isWritable(join(folder, 'skald.db'))) return;
    owners.thaw(name);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isWritable(file: string): boolean {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA busy_timeout = 2000; BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch {
    return false;
  } finally {
    db.close();
  }
}

/** R2, R3, R5. */
async function finish(folder: string, load: SagaLoad, owners: JobOwners): Promise<Omit<Authorship, 'writers'>> {
  await load.stop();
  const store = await openSqliteStore({ file: join(folder, 'skald.db'), readOnly: true });
  try {
    for (let ended = 0; ended < load.started.size; ) {
      const { completed = 0, compensated = 0, ...others } = await store.index.count();
      ended = completed + compensated;
      expect({ ...others, running: 0, throttled: 0, compensating: 0 }).toEqual({ running: 0, throttled: 0, compensating: 0 });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await owners.removeAll();
    expect(await statuses(store)).toEqual(new Map([...load.started].map((id) => [id, expectedStatus(id)])));
    expect(await brokenHistories(store)).toEqual([]);
    expect(repeatedEffects(folder)).toEqual([]);
    const most = await mostAtOnce(store);
    expect(most).toBeLessThanOrEqual(MOST_RUNNING);
    const { writers: _, ...found } = await authorship(owners, store);
    process.stderr.write(`${JSON.stringify({ sagas: load.started.size, mostAtOnce: most, ...found, terms: owners.terms().length })}\n`);
    return found;
  } finally {
    await store.close();
  }
}
