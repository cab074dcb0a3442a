import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventStoreContract, fenceContract, indexedStoreContract, sagaIndexContract } from '@skald/testkit';
import { openSqliteStore } from './open-store.js';
import { externalSqliteFence, openParticipantDatabase, sqliteFence } from './sqlite-fence.js';

function folder(): string {
  return mkdtempSync(join(tmpdir(), 'skald-'));
}

async function open() {
  const path = folder();
  const store = await openSqliteStore({ file: join(path, 'skald.db') });
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

eventStoreContract('The SQLite store in memory', async () => {
  const store = await openSqliteStore({ file: ':memory:' });
  return { subject: store.events, close: () => store.close() };
});

fenceContract('The SQLite fence', async () => {
  const path = folder();
  const db = openParticipantDatabase(join(path, 'shop.db'));
  db.exec('CREATE TABLE business (value TEXT)');
  return {
    subject: sqliteFence(db),
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
  return {
    subject: fence,
    close: async () => {
      await close();
      rmSync(path, { recursive: true });
    },
  };
});
