import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore, SagaIndex } from '@skald/kernel';
import { eventStoreContract, fenceContract, indexedStoreContract, sagaIndexContract } from '@skald/testkit';
import { openSqliteIndex } from './open-index.js';
import { openSqliteStore } from './open-store.js';
import { externalSqliteFence, openParticipantDatabase, sqliteFence } from './sqlite-fence.js';

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'skald-'));
}

async function open({ shared = false } = {}) {
  const path = folder();
  const store = await openSqliteStore({ file: join(path, 'skald.db'), shared });
  return {
    store,
    close: async () => {
      await store.close();
      rmSync(path, { recursive: true });
    },
  };
}

eventStoreContract('The SQLite store', async () => {
  const { store, close } = await open();
  return { subject: store.events, close };
});

sagaIndexContract('The SQLite store', async () => {
  const { store, close } = await open();
  return { subject: store.index, close };
});

indexedStoreContract('The SQLite store', async () => {
  const { store, close } = await open();
  return { subject: store, close };
});

eventStoreContract('A shared SQLite store', async () => {
  const { store, close } = await open({ shared: true });
  return { subject: store.events, close };
});

/** Two processes' worth of one store: each call goes to the other one than the call before. */
async function openTwice() {
  const path = folder();
  const options = { file: join(path, 'skald.db'), shared: true };
  const stores = [await openSqliteStore(options), await openSqliteStore(options)] as const;
  let calls = 0;
  const next = () => stores[calls++ % 2 === 0 ? 0 : 1];
  const events: EventStore = {
    append: (writes) => next().events.append(writes),
    read: (stream, how) => next().events.read(stream, how),
    readAll: (position, limit) => next().events.readAll(position, limit),
    head: () => next().events.head(),
    subscribe: (position, listener) => next().events.subscribe(position, listener),
    close: async () => void (await Promise.all(stores.map((store) => store.close()))),
  };
  const index: SagaIndex = {
    get: (sagaId) => next().index.get(sagaId),
    list: (query) => next().index.list(query),
    count: () => next().index.count(),
    unended: () => next().index.unended(),
    due: (until, limit, fits) => next().index.due(until, limit, fits),
    throttled: (saga, limit, fits) => next().index.throttled(saga, limit, fits),
    owing: (after, limit) => next().index.owing(after, limit),
    position: () => next().index.position(),
    put: (summaries, position) => next().index.put(summaries, position),
    clear: () => next().index.clear(),
  };
  return {
    events,
    index,
    close: async () => {
      await events.close();
      rmSync(path, { recursive: true });
    },
  };
}

eventStoreContract('A SQLite store that two share', async () => {
  const { events, close } = await openTwice();
  return { subject: events, close };
});

sagaIndexContract('A SQLite store that two share', async () => {
  const { index, close } = await openTwice();
  return { subject: index, close };
});

indexedStoreContract('A SQLite store that two share', async () => {
  const { events, index, close } = await openTwice();
  return { subject: { events, index }, close };
});

eventStoreContract('The SQLite store in memory', async () => {
  const store = await openSqliteStore({ file: ':memory:' });
  return { subject: store.events, close: () => store.close() };
});

sagaIndexContract('An SQLite index in a file of its own', async () => {
  const path = folder();
  const { index, close } = await openSqliteIndex({ file: join(path, 'index.db') });
  return {
    subject: index,
    close: async () => {
      await close();
      rmSync(path, { recursive: true });
    },
  };
});

sagaIndexContract('An SQLite index in memory', async () => {
  const { index, close } = await openSqliteIndex({ file: ':memory:' });
  return { subject: index, close };
});

fenceContract('The SQLite fence', async () => {
  const path = folder();
  const db = openParticipantDatabase(join(path, 'shop.db'));
  db.exec('CREATE TABLE business (value TEXT)');
  return {
    subject: sqliteFence(db),
    age: async (milliseconds) => void db.exec(`UPDATE skald_fence SET written_at = written_at - ${milliseconds}`),
    business: {
      write: async (value) => void db.prepare('INSERT INTO business VALUES (?)').run(value),
      read: async () =>
        db
          .prepare('SELECT value FROM business')
          .all()
          .map((row) => String(row['value'])),
    },
    close: async () => {
      db.close();
      rmSync(path, { recursive: true });
    },
  };
});

fenceContract('The external SQLite fence', async () => {
  const path = folder();
  const { fence, close } = externalSqliteFence({ file: join(path, 'fence.db') });
  const beside = openParticipantDatabase(join(path, 'fence.db'));
  return {
    subject: fence,
    age: async (milliseconds) => void beside.exec(`UPDATE skald_fence SET written_at = written_at - ${milliseconds}`),
    close: async () => {
      beside.close();
      await close();
      rmSync(path, { recursive: true });
    },
  };
});
