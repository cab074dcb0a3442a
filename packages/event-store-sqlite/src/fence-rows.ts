import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { FenceRecord } from '@skald/kernel';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS skald_fence (
  key TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  result TEXT,
  error TEXT,
  flag INTEGER,
  number INTEGER,
  token TEXT,
  written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS skald_fence_running ON skald_fence (key) WHERE type = 'running';
`;

/** The table of a fence's records. `flag` is undoing, compensable, executed or doubt, `number` is a lease's end or a round, as the type says. */
export class FenceRows {
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #prune: StatementSync;

  constructor(private readonly db: DatabaseSync) {
    db.exec(SCHEMA);
    this.#get = db.prepare('SELECT type, result, error, flag, number, token FROM skald_fence WHERE key = ?');
    this.#put = db.prepare('INSERT OR REPLACE INTO skald_fence VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#prune = db.prepare('DELETE FROM skald_fence WHERE written_at < ?');
  }

  get(key: string): FenceRecord | undefined {
    const row = this.#get.get(key);
    return row && recordOf(row);
  }

  put(key: string, record: FenceRecord): void {
    const put = (result: string | null, error: string | null, flag: boolean | null, number: number | null, token: string | null): void => {
      this.#put.run(key, record.type, result, error, flag === null ? null : Number(flag), number, token, Date.now());
    };
    switch (record.type) {
      case 'running':
        return put(null, null, record.undoing === true, record.leaseUntil, record.token);
      case 'succeeded':
        return put(record.result ?? null, null, record.compensable, null, null);
      case 'deferred':
        return put(null, null, record.compensable, null, null);
      case 'failed':
        return put(null, JSON.stringify(record.error), null, null, null);
      case 'undone':
        return put(null, null, record.executed, record.round, null);
      case 'sealed':
        return put(null, null, record.doubt, null, null);
    }
  }

  /** No lease ends later than this any more. */
  cutLeases(until: number): void {
    this.db.prepare("UPDATE skald_fence SET number = ? WHERE type = 'running' AND number > ?").run(until, until);
  }

  prune(before: number): number {
    return Number(this.#prune.run(before).changes);
  }
}

function recordOf(row: Record<string, unknown>): FenceRecord {
  const flag = row['flag'] === 1;
  const number = Number(row['number']);
  switch (row['type']) {
    case 'running':
      return { type: 'running', leaseUntil: number, token: String(row['token']), ...(flag && { undoing: true }) };
    case 'succeeded':
      return { type: 'succeeded', ...(row['result'] === null ? {} : { result: String(row['result']) }), compensable: flag };
    case 'deferred':
      return { type: 'deferred', compensable: flag };
    case 'failed':
      return { type: 'failed', error: JSON.parse(String(row['error'])) };
    case 'undone':
      return { type: 'undone', round: number, executed: flag };
    case 'sealed':
      return { type: 'sealed', doubt: flag };
    default:
      // Written by a newer Skald. To take it for "nothing seen" could run an action twice.
      throw new Error(`a fence record of unknown type ${JSON.stringify(row['type'])}`);
  }
}
