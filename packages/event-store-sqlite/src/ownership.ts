import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { isBusy, translate } from './sqlite-errors.js';

/**
 * One process owns a store.
 *
 * O1. While an owner lives, nobody else becomes one, in another process or in this one.
 * O2. An owner that was killed owns nothing: the operating system drops its lock, no file has to be removed by hand.
 * O3. Who is refused learns the owner's process id and host.
 *
 * Node has no file locks, SQLite has: the owner keeps a write transaction open on a small database beside the store. In rollback-journal
 * mode that lock lets others read, and the row they read names the owner.
 */
export interface Ownership {
  release(): void;
}

export function takeOwnership(file: string): Ownership {
  const side = `${file}-owner`;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(side);
    // A loser waits this long, so that it reads the row of an owner that is just moving in. Nothing here has to survive a power failure.
    db.exec('PRAGMA busy_timeout = 100; PRAGMA synchronous = OFF');
    while (!claim(db)) db.exec('ROLLBACK');
  } catch (error) {
    const refusal = isBusy(error) && db ? inUse(file, db, error) : translate(error, side, 'open');
    db?.close();
    throw refusal;
  }
  const held = db;
  return {
    release(): void {
      if (!held.isOpen) return;
      held.exec('ROLLBACK');
      held.close();
    },
  };
}

/** Writes its name, then takes the lock to keep. Between the two another may have come and gone: then the name is not ours. */
function claim(db: DatabaseSync): boolean {
  const nonce = `${process.pid} ${process.hrtime.bigint()}`;
  db.exec('BEGIN IMMEDIATE');
  db.exec('CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER, host TEXT, nonce TEXT)');
  db.prepare('INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?)').run(process.pid, hostname(), nonce);
  db.exec('COMMIT');
  db.exec('BEGIN IMMEDIATE');
  return db.prepare('SELECT nonce FROM owner').get()?.['nonce'] === nonce;
}

function inUse(file: string, db: DatabaseSync, cause: unknown): SkaldError {
  let owner: Record<string, unknown> | undefined;
  try {
    owner = db.prepare('SELECT pid, host FROM owner').get();
  } catch {
    // An owner that has not written its name yet: it is in use all the same.
  }
  return new SkaldError('store-in-use', { file, pid: Number(owner?.['pid'] ?? 0), host: String(owner?.['host'] ?? 'unknown') }, { cause });
}
