import { type FenceRecord, SkaldError } from '@skald/kernel';

/** The table of a fence's records, and the statements on it. */
export class FenceTable {
  /** As it stands in SQL. */
  readonly name: string;
  /** `flag` is undoing, compensable, executed or doubt, `number` a lease’s end or a round, as the type says. Texts, not jsonb: what is given back
   * are the very characters. */
  readonly schema: string;
  readonly put: string;
  readonly prune: string;

  constructor(readonly table: string) {
    if (!/^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/.test(table)) {
      throw new SkaldError('fence-misused', {
        problem: `"${table}" cannot be the name of its table`,
        remedy: 'Use lower-case letters, digits and _, with the schema and a dot in front if need be.',
      });
    }
    this.name = table
      .split('.')
      .map((part) => `"${part}"`)
      .join('.');
    this.schema = schemaOf(this.name, table.split('.').at(-1) ?? table);
    this.put = `
      INSERT INTO ${this.name} (key, type, result, error, flag, number, token, written_at)
      SELECT $1::text, $2::text, $3::text, $4::text, $5::boolean, $6::bigint, $7::text, clock_timestamp()
      WHERE current_setting('skald.session', true) = $8::text
      ON CONFLICT (key) DO UPDATE SET type = excluded.type, result = excluded.result, error = excluded.error, flag = excluded.flag,
        number = excluded.number, token = excluded.token, written_at = excluded.written_at
      RETURNING pg_current_xact_id()::text AS xid`;
    // What a session is about to rewrite is not old any more.
    this.prune = `
      DELETE FROM ${this.name} WHERE written_at < to_timestamp($1::float8 / 1000) AND ctid = ANY (ARRAY(
        SELECT ctid FROM ${this.name} WHERE written_at < to_timestamp($1::float8 / 1000) LIMIT $2 FOR UPDATE SKIP LOCKED))`;
  }

  /** What takes the lock of a key, then reads its record: two statements, for the second must see what the lock was waited for. */
  lockAndRead(key: string, literal: (text: string) => string): string {
    const lock = `SELECT pg_try_advisory_xact_lock(hashtextextended(${literal(`${this.table} ${key}`)}, 0)) AS locked`;
    return `${lock}; SELECT type, result, error, flag, number, token FROM ${this.name} WHERE key = ${literal(key)}`;
  }

  parameters(key: string, record: FenceRecord): (string | number | boolean | null)[] {
    const row = (
      result: string | null,
      error: string | null,
      flag: boolean | null,
      number: number | null,
      token: string | null,
    ): (string | number | boolean | null)[] => [key, record.type, result, error, flag, number, token];
    switch (record.type) {
      case 'running':
        return row(null, null, record.undoing === true, record.leaseUntil, record.token);
      case 'succeeded':
        return row(record.result ?? null, null, record.compensable, null, null);
      case 'deferred':
        return row(null, null, record.compensable, null, null);
      case 'failed':
        return row(null, JSON.stringify(record.error), null, null, null);
      case 'undone':
        return row(null, null, record.executed, record.round, null);
      case 'sealed':
        return row(null, null, record.doubt, null, null);
    }
  }
}

/** BRIN: rows come in the order of time, and a B-tree would cost every command an index entry for a query of once a day. */
function schemaOf(name: string, short: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (
  key text PRIMARY KEY,
  type text NOT NULL,
  result text,
  error text,
  flag boolean,
  number bigint,
  token text,
  written_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS "${`${short}_written_at`.slice(0, 63)}" ON ${name} USING brin (written_at);`;
}

export function recordOf(row: Readonly<Record<string, unknown>>): FenceRecord {
  const flag = row['flag'] === true;
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
