import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SagaStatus, SagaSummary } from '@skald/kernel';
import { AttributeRows, attributesFrom, attributesText } from './attribute-rows.js';
import { type Role, Watch } from './connection.js';
import { Recent } from './recent.js';

/**
 * Writes the index's rows. Nearly every write of a saga changes only when it is due or whether it owes, and SQLite rewrites the entries of
 * every index whose columns an UPDATE names, changed or not. So what is known of a row decides which statement runs, if any.
 */
export class SagaRows {
  readonly #known = new Recent<Row>(10_000);
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #updateDue: StatementSync;
  readonly #updateOwes: StatementSync;
  readonly #updateAttributes: StatementSync;
  readonly #attributes: AttributeRows;
  readonly #load: StatementSync;
  readonly #move: StatementSync;
  readonly #read: StatementSync;
  readonly #count: StatementSync;
  /** Counted once, then kept by adding and subtracting: a list's badge must not scan a million rows. */
  #counts: Map<SagaStatus, number> | undefined;
  #position: number | undefined;
  /** Absent for an owner: there is no other writer, so what is remembered is true. */
  readonly #others: Watch | undefined;

  constructor(
    private readonly db: DatabaseSync,
    role: Role,
  ) {
    this.#others = role === 'owner' ? undefined : new Watch(db);
    this.#insert = db.prepare(`
      INSERT INTO sagas (saga_id, saga, version, status, started_at, since, due_at, owes, error, attributes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#update = db.prepare(`
      UPDATE sagas SET saga = ?, version = ?, status = ?, started_at = ?, since = ?, due_at = ?, owes = ?, error = ? WHERE id = ?`);
    this.#updateDue = db.prepare('UPDATE sagas SET due_at = ? WHERE id = ?');
    this.#updateOwes = db.prepare('UPDATE sagas SET owes = ? WHERE id = ?');
    this.#updateAttributes = db.prepare('UPDATE sagas SET attributes = ? WHERE id = ?');
    this.#attributes = new AttributeRows(db);
    this.#load = db.prepare(`SELECT ${SUMMARY} FROM sagas WHERE saga_id = ?`);
    this.#move = db.prepare("UPDATE meta SET value = ? WHERE key = 'indexed'");
    this.#read = db.prepare('SELECT value FROM meta WHERE key = ?');
    this.#count = db.prepare('SELECT status, count(*) AS sagas FROM sagas GROUP BY status');
  }

  /** Global position up to which the index has seen the store. */
  get position(): number {
    this.refresh();
    this.#position ??= this.#readMeta('indexed');
    return this.#position;
  }

  moveTo(position: number): void {
    this.#move.run(position);
    this.#position = position;
  }

  /** `isNew`: most likely there is no row yet. */
  put(summary: SagaSummary, isNew = false): void {
    if (isNew && this.#add(summary)) return;
    const row = this.#known.get(summary.sagaId) ?? this.#find(summary.sagaId);
    if (row === undefined) {
      this.#add(summary);
      return;
    }
    const before = row.summary;
    row.summary = summary;
    this.#putAttributes(row.id, before, summary);
    if (changedMore(before, summary)) {
      const { saga, version, status, startedAt, since, dueAt, owes, error } = summary;
      this.#update.run(saga, version, status, startedAt, since, dueAt ?? null, owes ? 1 : 0, error ?? null, row.id);
      this.#tally(before.status, -1);
      this.#tally(status, 1);
      return;
    }
    if (before.dueAt !== summary.dueAt) this.#updateDue.run(summary.dueAt ?? null, row.id);
    if (before.owes !== summary.owes) this.#updateOwes.run(summary.owes ? 1 : 0, row.id);
  }

  #putAttributes(id: number, before: SagaSummary, { attributes, startedAt }: SagaSummary): void {
    if (before.attributes === attributes && before.startedAt === startedAt) return;
    this.#attributes.replace(id, startedAt, attributes);
    this.#updateAttributes.run(attributesText(attributes), id);
  }

  get(sagaId: string): SagaSummary | undefined {
    this.refresh();
    return this.#known.get(sagaId)?.summary ?? this.#find(sagaId)?.summary;
  }

  counts(): Partial<Record<SagaStatus, number>> {
    this.refresh();
    this.#counts ??= new Map(this.#count.all().map((row) => [row['status'] as SagaStatus, Number(row['sagas'])]));
    return Object.fromEntries([...this.#counts].filter(([, sagas]) => sagas > 0));
  }

  clear(): void {
    this.db.exec(
      "DELETE FROM sagas; DELETE FROM saga_attributes; INSERT INTO meta VALUES ('cleared', 1) ON CONFLICT DO UPDATE SET value = value + 1",
    );
    this.forget();
    this.moveTo(0);
  }

  /** How often the index was cleared: what another process brings of the time before does not count any more. */
  get clearings(): number {
    return this.#readMeta('cleared');
  }

  /** Forgets what another process may have changed. At the beginning of every transaction that writes. */
  refresh(): void {
    if (this.#others?.changed()) this.forget();
  }

  /** After a rollback: nothing that is remembered can be trusted. */
  forget(): void {
    this.#known.clear();
    this.#counts = undefined;
    this.#position = undefined;
  }

  #readMeta(key: 'indexed' | 'cleared'): number {
    return Number(this.#read.get(key)?.['value'] ?? 0);
  }

  #add(summary: SagaSummary): boolean {
    const { sagaId, saga, version, status, startedAt, since, dueAt, owes, error, attributes } = summary;
    const shown = attributesText(attributes);
    const done = this.#insert.run(sagaId, saga, version, status, startedAt, since, dueAt ?? null, owes ? 1 : 0, error ?? null, shown);
    if (done.changes === 0) return false;
    const id = Number(done.lastInsertRowid);
    if (attributes) this.#attributes.add(id, startedAt, attributes);
    this.#known.set(sagaId, { id, summary });
    this.#tally(status, 1);
    return true;
  }

  #find(sagaId: string): Row | undefined {
    const found = this.#load.get(sagaId);
    if (!found) return undefined;
    const row = { id: Number(found['id']), summary: summaryOf(found) };
    this.#known.set(sagaId, row);
    return row;
  }

  #tally(status: SagaStatus, by: number): void {
    this.#counts?.set(status, (this.#counts.get(status) ?? 0) + by);
  }
}

interface Row {
  readonly id: number;
  summary: SagaSummary;
}

function changedMore(a: SagaSummary, b: SagaSummary): boolean {
  return (
    a.status !== b.status ||
    a.since !== b.since ||
    a.error !== b.error ||
    a.startedAt !== b.startedAt ||
    a.version !== b.version ||
    a.saga !== b.saga
  );
}

/** Columns of a summary. */
export const SUMMARY = 'id, saga_id, saga, version, status, started_at, since, due_at, owes, error, attributes';

export function summaryOf(row: Record<string, unknown>): SagaSummary {
  return {
    sagaId: String(row['saga_id']),
    saga: String(row['saga']),
    version: Number(row['version']),
    status: row['status'] as SagaStatus,
    startedAt: Number(row['started_at']),
    since: Number(row['since']),
    dueAt: row['due_at'] === null ? undefined : Number(row['due_at']),
    owes: row['owes'] === 1,
    error: row['error'] === null ? undefined : String(row['error']),
    ...attributesFrom(row['attributes']),
  };
}
