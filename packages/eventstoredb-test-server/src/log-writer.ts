import { randomUUID } from 'node:crypto';
import { checkCommit, type Expected } from './commit-check.js';
import { EventLog } from './event-log.js';
import { Journal } from './journal.js';
import { DELETED, DELETED_TEXT, type LogRecord, metastreamOf, originalOf, type ProposedEvent, sizeInLog } from './log-record.js';
import { RecentIds } from './recent-ids.js';

export type WriteResult =
  | { readonly type: 'written'; readonly revision: number; readonly position: number }
  | { readonly type: 'wrong-version'; readonly current: number }
  | { readonly type: 'deleted' };

export interface LogOptions {
  /** Folder of the journal; absent: in memory. */
  readonly data?: string | undefined;
  /** Whether each write is synced to the disk. */
  readonly sync?: boolean;
  /** What the cache of recent event ids may take. */
  readonly recentIdsBytes: number;
  /** Whether every event of `category-id` gets a link in `$ce-category`, at once. */
  readonly categories: boolean;
}

/** Where the first record stands: a server's own records come before anything of a user's, so that no event is at 0. */
const FIRST_POSITION = 1_000;

/** The one who writes to the log. */
export class LogWriter {
  readonly log = new EventLog();
  readonly #journal: Journal | undefined;
  readonly #recent: RecentIds;
  #next = FIRST_POSITION;

  constructor(private readonly options: LogOptions) {
    this.#recent = new RecentIds(options.recentIdsBytes);
    this.#journal = options.data === undefined ? undefined : new Journal(options.data, options.sync ?? false);
    const stored = this.#journal?.records ?? [];
    this.log.add(stored);
    for (const record of stored) this.#next = record.position + sizeInLog(record);
    // A real server has events of its own before anything else; readers must be able to tell.
    if (stored.length === 0) this.#store(this.#records('$users', -1, [system('$User', '"$admin"')]));
  }

  write(stream: string, expected: Expected, events: readonly ProposedEvent[]): WriteResult {
    const ids = events.map(({ id }) => id);
    const decision = checkCommit(this.log, this.#recent, stream, expected, ids);
    if (decision.type === 'idempotent') {
      return { type: 'written', revision: decision.lastRevision, position: this.log.at(stream, decision.lastRevision)?.position ?? -1 };
    }
    if (decision.type !== 'write') return decision;
    const records = this.#records(stream, decision.last, events);
    const original = originalOf(stream);
    const undeleteOriginal = original !== undefined && this.log.isSoftDeleted(original);
    this.#store(records);
    if (decision.undelete) this.#undelete(stream, decision.last + 1);
    if (undeleteOriginal) this.#undelete(original, this.log.lastRevision(original) + 1);
    if (this.options.categories) this.#link(records);
    const last = records.at(-1);
    return { type: 'written', revision: last?.revision ?? decision.last, position: last?.position ?? -1 };
  }

  /** Its events are gone for readers of the stream, not of $all; an append brings the stream back, with the next revision. */
  softDelete(stream: string, expected: Expected): WriteResult {
    const decision = checkCommit(this.log, this.#recent, stream, expected, [randomUUID()]);
    if (decision.type !== 'write') return decision.type === 'idempotent' ? { type: 'deleted' } : decision;
    const metastream = metastreamOf(stream);
    const metaRevision = this.log.lastRevision(metastream);
    if (decision.last < 0 && metaRevision < 0) return { type: 'wrong-version', current: -1 };
    const records = this.#records(metastream, metaRevision, [system('$metadata', `{"$tb":${DELETED_TEXT}}`)]);
    this.#store(records);
    return { type: 'written', revision: metaRevision + 1, position: records.at(-1)?.position ?? -1 };
  }

  tombstone(stream: string, expected: Expected): WriteResult {
    const decision = checkCommit(this.log, this.#recent, stream, expected, [randomUUID()]);
    if (decision.type !== 'write') return decision.type === 'idempotent' ? { type: 'deleted' } : decision;
    const records = this.#records(stream, DELETED - 1, [{ ...system('$streamDeleted', ''), isJson: false }]);
    this.#store(records);
    return { type: 'written', revision: DELETED, position: records.at(-1)?.position ?? -1 };
  }

  close(): void {
    this.#journal?.close();
  }

  #records(stream: string, last: number, events: readonly ProposedEvent[]): LogRecord[] {
    const created = Date.now();
    return events.map((event, nth) => {
      const record = { ...event, stream, revision: last + 1 + nth, position: this.#next, created };
      this.#next += sizeInLog(record);
      return record;
    });
  }

  #store(records: readonly LogRecord[]): void {
    this.#journal?.write(records);
    for (const { id, stream, revision } of records) this.#recent.add(id, stream, revision);
    this.log.add(records);
  }

  #undelete(stream: string, from: number): void {
    const metastream = metastreamOf(stream);
    const metadata = JSON.stringify({ ...this.log.rawLimits(stream), $tb: from });
    this.#store(this.#records(metastream, this.log.lastRevision(metastream), [system('$metadata', metadata)]));
  }

  #link(records: readonly LogRecord[]): void {
    for (const { stream, revision } of records) {
      const dash = stream.indexOf('-');
      if (stream.startsWith('$') || dash < 1) continue;
      const category = `$ce-${stream.slice(0, dash)}`;
      this.#store(this.#records(category, this.log.lastRevision(category), [{ ...system('$>', `${revision}@${stream}`), isJson: false }]));
    }
  }
}

function system(type: string, data: string): ProposedEvent {
  return { id: randomUUID(), type, isJson: true, data: Buffer.from(data), metadata: new Uint8Array() };
}
