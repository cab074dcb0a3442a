import type { DatabaseSync } from 'node:sqlite';

/**
 * Whether a connection that Skald does not own is within a transaction. Asked of SQLite itself: the participant's code, or a full disk, may
 * have ended one. Node says so from 22.16 on; before, a BEGIN that fails does, at the price of a thrown error.
 */
export function inTransaction(db: DatabaseSync): boolean {
  const known: boolean | undefined = db.isTransaction;
  if (known !== undefined) return known;
  try {
    db.exec('BEGIN');
  } catch {
    return true;
  }
  db.exec('ROLLBACK');
  return false;
}

export function fileOf(db: DatabaseSync): string {
  return String(db.prepare('PRAGMA database_list').get()?.['file'] || ':memory:');
}
