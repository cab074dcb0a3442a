import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  attributeFilters,
  type IndexPage,
  type IndexQuery,
  isEnded,
  type SagaStatus,
  type SagaSummary,
  SkaldError,
  type VersionCount,
} from '@skald/kernel';
import { type PageEnd, pageQueries } from './page-query.js';
import { Recent } from './recent.js';
import { SUMMARY, summaryOf } from './saga-rows.js';

const STATUSES = Object.keys({
  running: true,
  throttled: true,
  compensating: true,
  suspended: true,
  completed: true,
  compensated: true,
  failed: true,
  cancelled: true,
  terminated: true,
} satisfies Record<SagaStatus, true>) as SagaStatus[];

const COLUMNS = SUMMARY.replaceAll(/\w+/g, 's.$&');

/** Reads the index's lists: each from an index that has just what is asked for, in the order that is asked for. */
export class SagaPages {
  /** By their text. */
  readonly #pages = new Recent<StatementSync>(50);
  readonly #due: StatementSync;
  readonly #throttled: StatementSync;
  readonly #owing: StatementSync;
  readonly #unended: StatementSync;

  constructor(private readonly db: DatabaseSync) {
    this.#due = db.prepare('SELECT saga_id, due_at FROM sagas WHERE due_at <= ? ORDER BY due_at, id');
    this.#throttled = db.prepare("SELECT saga_id, started_at FROM sagas WHERE saga = ? AND status = 'throttled' ORDER BY started_at, id");
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
  list({ status = STATUSES, limit = 100, after, attributes, ...others }: IndexQuery): IndexPage {
    const filters = attributeFilters(attributes);
    const end = after === undefined ? { startedAt: Number.MAX_SAFE_INTEGER, id: 0 } : parseCursor(after);
    if (limit <= 0) return { sagas: [], next: undefined };
    const found = pageQueries(others, [...new Set(status)], filters, end, limit + 1, COLUMNS)
      .flatMap(({ text, parameters }) => this.#page(text).all(...parameters))
      .map((row): Found => ({ id: Number(row['id']), summary: summaryOf(row) }))
      .sort((a, b) => b.summary.startedAt - a.summary.startedAt || b.id - a.id);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { sagas: page.map(({ summary }) => summary), next: last && `${last.summary.startedAt}.${last.id}` };
  }

  #page(text: string): StatementSync {
    const known = this.#pages.get(text) ?? this.db.prepare(text);
    this.#pages.set(text, known);
    return known;
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

  throttled(saga: string, limit: number, fits: (sagaId: string) => boolean): { readonly sagaId: string; readonly startedAt: number }[] {
    const waiting: { readonly sagaId: string; readonly startedAt: number }[] = [];
    if (limit <= 0) return waiting;
    for (const row of this.#throttled.iterate(saga)) {
      const sagaId = String(row['saga_id']);
      if (fits(sagaId)) waiting.push({ sagaId, startedAt: Number(row['started_at']) });
      if (waiting.length >= limit) break;
    }
    return waiting;
  }

  owing(after: string, limit: number): string[] {
    return this.#owing.all(after, Math.max(0, limit)).map((row) => String(row['saga_id']));
  }
}

interface Found {
  readonly id: number;
  readonly summary: SagaSummary;
}

function parseCursor(after: string): PageEnd {
  const parts = /^(-?\d{1,16})\.(\d{1,16})$/.exec(after);
  if (!parts) throw new SkaldError('invalid-cursor', { after });
  return { startedAt: Number(parts[1]), id: Number(parts[2]) };
}
