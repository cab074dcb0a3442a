import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { SkaldError } from '@skald/kernel';
import { APPLICATION_ID, DROP_INDEX, FORMAT, INDEX_FORMAT, INDEX_SCHEMA, SCHEMA } from './schema.js';

/**
 * Opens the file of a store, or says why not.
 *
 * F1. A file that is not Skald's, or is damaged, or is too new, is not changed: its header is read with plain file reads before SQLite
 *     touches it.
 * F2. A store is created whole or not at all: one transaction in rollback-journal mode, so that the header that F1 reads is always true.
 * F3. Reading only creates no store and leaves no file behind.
 * F4. A file that this process has open is not read past SQLite: closing any descriptor of a file drops all locks that the process holds on
 *     it (POSIX), and another process would take away the log that this one still writes to. Its header was checked when it was opened.
 */
export const IN_MEMORY = ':memory:';

/** F4: how many connections of this process have a file open. */
const openHere = new Map<string, number>();

function hold(file: string): void {
  openHere.set(file, (openHere.get(file) ?? 0) + 1);
}

/** When a connection that was given out is closed. */
export function letGo(file: string): void {
  const others = (openHere.get(file) ?? 0) - 1;
  if (others > 0) openHere.set(file, others);
  else openHere.delete(file);
}

export const HEADER_BYTES = 100;
export const MAGIC = 'SQLite format 3\0';
export const USER_VERSION_AT = 60;
export const APPLICATION_ID_AT = 68;

/** Absolute, with symbolic links followed: two names of one file are one store. */
export function locate(file: string): string {
  if (file === IN_MEMORY) return file;
  const path = resolve(file);
  if (existsSync(path)) return realpathSync(path);
  const folder = dirname(path);
  if (!existsSync(folder)) throw new SkaldError('store-unavailable', { file: path, problem: `the folder ${folder} does not exist` });
  return join(realpathSync(folder), basename(path));
}

/** F1. Answers whether there is a store; throws when there is something else. */
export function inspect(file: string): 'absent' | 'store' {
  if (file === IN_MEMORY || !existsSync(file)) return 'absent';
  if (openHere.has(file)) return 'store';
  if (!statSync(file).isFile()) throw new SkaldError('store-unavailable', { file, problem: 'it is not a file' });
  const header = readHeader(file);
  // SQLite makes the file before it writes to it: an empty one is a creation that was interrupted.
  if (header.length === 0) return 'absent';
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new SkaldError('store-corrupt', { file, problem: 'it does not begin as an SQLite database does' });
  }
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new SkaldError('store-corrupt', { file, problem: 'it is an SQLite database, but of another application' });
  }
  checkFormat(file, header.readUInt32BE(USER_VERSION_AT));
  return 'store';
}

/** Throws `store-unavailable`. */
export function readHeader(file: string): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (cause) {
    throw new SkaldError('store-unavailable', { file, problem: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(descriptor, header, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

function checkFormat(file: string, found: number): void {
  if (found > FORMAT) throw new SkaldError('store-newer', { file, found, known: FORMAT });
}

/** For the owner: creates the store where there is none. */
export function openForWriting(file: string, maxPages: number | undefined): DatabaseSync {
  return opened(file, new DatabaseSync(file), (db) => {
    db.exec('PRAGMA busy_timeout = 5000');
    // Larger pages: fewer page writes to the log for each batch (measured: 8 % at 1,000 events a batch, against 4,096).
    if (pragma(db, 'application_id') === 0 && pragma(db, 'page_count') === 0) create(db);
    checkFormat(file, pragma(db, 'user_version'));
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 4000;
      PRAGMA journal_size_limit = 67108864;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;`);
    renewIndex(db);
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
  });
}

/** An index that is missing, or of another format, is made anew, empty; whoever opens the store next to run it fills it. */
function renewIndex(db: DatabaseSync): void {
  if (hasIndex(db)) return;
  db.exec('BEGIN IMMEDIATE');
  // Another process may have been faster.
  if (!hasIndex(db)) db.exec(`${DROP_INDEX} ${INDEX_SCHEMA}`);
  db.exec('COMMIT');
}

/** Is there an index that this Skald can use? */
export function hasIndex(db: DatabaseSync): boolean {
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'sagas'").get() !== undefined;
  const format = db.prepare("SELECT value FROM meta WHERE key = 'index_format'").get()?.['value'] ?? 1;
  return isThere && format === INDEX_FORMAT;
}

/** F2. */
function create(db: DatabaseSync): void {
  db.exec(`
    PRAGMA page_size = 8192;
    PRAGMA synchronous = FULL;
    BEGIN IMMEDIATE;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${FORMAT};
    ${SCHEMA}
    ${INDEX_SCHEMA}
    COMMIT;`);
}

/** F3: an ordinary connection that may not write removes its side files when it closes, one opened read-only cannot. It must not be the one
 * to repair after a crash, though: with side files present, read-only it is. On a medium that cannot be written, nobody else writes either. */
export function openForReading(file: string): DatabaseSync {
  const settled = !existsSync(`${file}-wal`) && !existsSync(`${file}-journal`);
  const prepare = (db: DatabaseSync): void => {
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -65536');
    checkFormat(file, pragma(db, 'user_version'));
  };
  try {
    return opened(file, new DatabaseSync(file, { readOnly: !settled }), prepare);
  } catch (error) {
    if (!settled || error instanceof SkaldError) throw error;
    const url = pathToFileURL(file);
    url.search = '?immutable=1';
    try {
      return opened(file, new DatabaseSync(url, { readOnly: true }), prepare);
    } catch {
      throw error;
    }
  }
}

/** Counts the connection as one of this process; `letGo` when it is closed. */
export function opened(file: string, db: DatabaseSync, prepare: (db: DatabaseSync) => void): DatabaseSync {
  hold(file);
  try {
    prepare(db);
    return db;
  } catch (error) {
    db.close();
    letGo(file);
    throw error;
  }
}

export function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}
