import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type IndexPage, type IndexQuery, isEnded, type SagaStatus, type SagaSummary, SkaldError, type VersionCount } from '@skald/kernel';
import { SUMMARY, summaryOf } from './saga-rows.js';

const STATUSES = Object.keys({
  running: true,
  compensating: true,
  suspended: true,
  completed: true,
  compensated: true,
  failed: true,
  cancelled: true,
  terminated: true,
} satisfies Record<SagaStatus, true>) as SagaStatus[];

/** Reads the index's lists: each from an index that has just what is asked for, in the order that is asked for. */
export class SagaPages {
  readonly #byStatus: StatementSync;
  readonly #byName: StatementSync;
  readonly #due: StatementSync;
  readonly #owing: StatementSync;
  readonly #unended: StatementSync;

  constructor(db: DatabaseSync) {
    const page = 'AND (started_at, id) < (?, ?) ORDER BY started_at DESC, id DESC LIMIT ?';
    this.#byStatus = db.prepare(`SELECT ${SUMMARY} FROM sagas WHERE status = ? ${page}`);
    this.#byName = db.prepare(`SELECT ${SUMMARY} FROM sagas WHERE saga = ? AND status = ? ${page}`);
    this.#due = db.prepare('SELECT saga_id, due_at FROM sagas WHERE due_at <= ? ORDER BY due_at, id');
    this.#owing = db.prepare('SELECT saga_id FROM sagas WHERE owes = 1 AND saga_id > ? ORDER BY saga_id LIMIT ?');
    const unended = STATUSES.filter((status) => !isEnded(status)).map((status) => `'${status}'`);
    this.#unended = db.prepare(`
      SELECT saga, version, count(*) AS sagas FROM sagas WHERE status IN (${unended.join(', ')})
      GROUP BY saga, version ORDER BY saga, version`);
  }

  unended(): VersionCount[] {
    return this.#unended.all().map((row) => ({
      saga: String(row['saga']),
      version: Number(row['version']),
      sagas: Number(row['sagas']),
    }));
  }

  /** One status is one range of an index. Several are merged here, for SQLite would sort all of them to find the first page. */
  list({ status = STATUSES, saga, limit = 100, after }: IndexQuery): IndexPage {
    if (limit <= 0) return { sagas: [], next: undefined };
    const [startedAt, id] = after === undefined ? [Number.MAX_SAFE_INTEGER, 0] : parseCursor(after);
    const found = [...new Set(status)]
      .flatMap((one) =>
        saga === undefined ? this.#byStatus.all(one, startedAt, id, limit + 1) : this.#byName.all(saga, one, startedAt, id, limit + 1),
      )
      .map((row): Found => ({ id: Number(row['id']), summary: summaryOf(row) }))
      .sort((a, b) => b.summary.startedAt - a.summary.startedAt || b.id - a.id);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { sagas: page.map(({ summary }) => summary), next: last && `${last.summary.startedAt}.${last.id}` };
  }

  /** Row by row: how many must be looked at until enough fit is not known beforehand. */
  due(until: number, limit: number, fits: (sagaId: string) => boolean): { readonly sagaId: string; readonly dueAt: number }[] {
    const due: { readonly sagaId: string; readonly dueAt: number }[] = [];
    if (limit <= 0) return due;
    for (const row of this.#due.iterate(until)) {
      const sagaId = String(row['saga_id']);
      if (fits(sagaId)) due.push({ sagaId, dueAt: Number(row['due_at']) });
      if (due.length >= limit) break;
    }
    return due;
  }

  owing(after: string, limit: number): string[] {
    return this.#owing.all(after, Math.max(0, limit)).map((row) => String(row['saga_id']));
  }
}

interface Found {
  readonly id: number;
  readonly summary: SagaSummary;
}

function parseCursor(after: string): [startedAt: number, id: number] {
  const parts = /^(-?\d{1,16})\.(\d{1,16})$/.exec(after);
  if (!parts) throw new SkaldError('invalid-cursor', { after });
  return [Number(parts[1]), Number(parts[2])];
}
