import { randomBytes } from 'node:crypto';
import type { Connection } from './connection.js';

/**
 * The secret that task tokens of this store's sagas are made with: made when it is first asked for, and the same for whoever opens the file
 * for writing. It stands beside the events, in none of them, and whoever may read the file may make tokens.
 */
export async function taskSecret(connection: Connection): Promise<string> {
  const { db } = connection;
  const read = () =>
    connection.run(() => {
      const there = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'secrets'").get();
      return there && db.prepare("SELECT value FROM secrets WHERE name = 'task'").get()?.['value'];
    });
  const make = (): void => {
    db.exec('CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID');
    db.prepare("INSERT OR IGNORE INTO secrets VALUES ('task', ?)").run(randomBytes(32).toString('base64url'));
  };
  if (read() === undefined) await connection.transaction(make, () => {});
  return String(read());
}
