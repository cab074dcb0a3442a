import { existsSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { APPLICATION_ID, INDEX_APPLICATION_ID, INDEX_FORMAT, INDEX_SCHEMA, META_SCHEMA } from './schema.js';
import { APPLICATION_ID_AT, HEADER_BYTES, IN_MEMORY, MAGIC, opened, pragma, readHeader, USER_VERSION_AT } from './store-file.js';

/**
 * Opens the file of an index that is kept apart from its events, or makes it anew.
 *
 * D1. An index that is absent, damaged or of another format is made anew, empty: nothing is lost that the events do not tell.
 * D2. A file that is something else, a store above all, is not touched.
 * D3. Nothing is synced to the disk: after a power failure the index may be older, or damaged and made anew. After an end that was not in
 *     order it is looked through before it is believed.
 */
export function openIndexFile(file: string): DatabaseSync {
  if (file !== IN_MEMORY && existsSync(file)) {
    if (inspect(file) === 'index') {
      const found = attempt(() => openThere(file));
      if (found) return found;
    }
    removeIndexFile(file);
  }
  return opened(file, new DatabaseSync(file), create);
}

export function removeIndexFile(file: string): void {
  for (const one of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) rmSync(one, { force: true });
}

/** D2. Answers whether it can be used as it is. */
function inspect(file: string): 'index' | 'useless' {
  if (!statSync(file).isFile()) throw new SkaldError('store-unavailable', { file, problem: 'it is not a file' });
  const header = readHeader(file);
  // What a crash leaves of a file that was just made.
  if (header.every((byte) => byte === 0)) return 'useless';
  const isSqlite = header.length === HEADER_BYTES && header.toString('latin1', 0, MAGIC.length) === MAGIC;
  const application = isSqlite ? header.readUInt32BE(APPLICATION_ID_AT) : 0;
  if (application === INDEX_APPLICATION_ID) return header.readUInt32BE(USER_VERSION_AT) === INDEX_FORMAT ? 'index' : 'useless';
  const problem = application === APPLICATION_ID ? 'it is a store; an index needs a file of its own' : 'it is not an index of Skald';
  throw new SkaldError('store-corrupt', { file, problem });
}

/** D1: whatever is wrong with it. */
function attempt(open: () => DatabaseSync): DatabaseSync | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function openThere(file: string): DatabaseSync {
  const isUnsettled = existsSync(`${file}-wal`);
  return opened(file, new DatabaseSync(file), (db) => {
    configure(db);
    const check = isUnsettled ? db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] : 'ok';
    if (check !== 'ok') throw new SkaldError('store-corrupt', { file, problem: String(check) });
    if (pragma(db, 'user_version') !== INDEX_FORMAT) throw new SkaldError('store-corrupt', { file, problem: 'another format' });
    db.prepare('SELECT 1 FROM sagas, meta LIMIT 1').get();
  });
}

/** In rollback-journal mode, so that the header that `inspect` reads says from the first moment what the file is. */
function create(db: DatabaseSync): void {
  db.exec(`
    PRAGMA page_size = 8192;
    PRAGMA synchronous = OFF;
    BEGIN IMMEDIATE;
    PRAGMA application_id = ${INDEX_APPLICATION_ID};
    PRAGMA user_version = ${INDEX_FORMAT};
    ${META_SCHEMA}
    ${INDEX_SCHEMA}
    COMMIT;`);
  configure(db);
}

/** D3 */
function configure(db: DatabaseSync): void {
  db.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;`);
}
