import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { NewEvent, RecordedEvent, StreamHead } from '@skald/kernel';

const COLUMNS = 8;
/** Rows for each INSERT: saves most of the calls from JavaScript to SQLite; more than this gains nothing (measured). */
const ROWS = 16;

/** The table of events: buffered inserts, and the reads. */
export class EventRows {
  readonly #inserts: (StatementSync | undefined)[] = [];
  readonly #byStream: StatementSync;
  readonly #all: StatementSync;
  readonly #head: StatementSync;
  readonly #heads: StatementSync;
  readonly #repeat: StatementSync;
  #buffer: (string | number)[] = [];

  constructor(private readonly db: DatabaseSync) {
    this.#byStream = asArrays(
      db.prepare(`
      SELECT position, revision, id, type, data, metadata, hash FROM events
      WHERE stream_id = (SELECT id FROM streams WHERE name = ?) AND revision >= ? ORDER BY revision LIMIT ?`),
    );
    this.#all = asArrays(
      db.prepare(`
      SELECT e.position, e.revision, e.id, e.type, e.data, e.metadata, e.hash, s.name AS stream
      FROM events e CROSS JOIN streams s ON s.id = e.stream_id
      WHERE e.position > ? ORDER BY e.position LIMIT ?`),
    );
    this.#head = db.prepare('SELECT max(position) AS head FROM events');
    this.#heads = db.prepare('SELECT name, revision, hash FROM streams WHERE name > ? ORDER BY name LIMIT ?');
    this.#repeat = db.prepare('SELECT id, position FROM events WHERE stream_id = ? AND revision > ? ORDER BY revision LIMIT ?');
  }

  add(position: number, streamId: number, revision: number, event: NewEvent): void {
    this.#buffer.push(position, streamId, revision, event.id, event.type, event.data, event.metadata, event.hash);
    if (this.#buffer.length === ROWS * COLUMNS) this.flush();
  }

  flush(): void {
    const rows = this.#buffer.length / COLUMNS;
    if (rows === 0) return;
    this.#inserts[rows] ??= this.db.prepare(`INSERT INTO events VALUES ${Array(rows).fill('(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}`);
    this.#inserts[rows].run(...this.#buffer);
    this.#buffer = [];
  }

  /** Forgets what was added and not flushed. */
  discard(): void {
    this.#buffer = [];
  }

  /** Position of the last of `events` if these very events stand after `revision`. */
  findRepeat(streamId: number, revision: number, events: readonly NewEvent[]): number | undefined {
    this.flush();
    const rows = this.#repeat.all(streamId, revision, events.length);
    if (rows.length !== events.length || rows.some((row, i) => row['id'] !== events[i]?.id)) return undefined;
    return Number(rows.at(-1)?.['position'] ?? 0);
  }

  read(stream: string, from: number, limit: number): RecordedEvent[] {
    return this.#byStream.all(stream, from, Math.max(0, limit)).map((row) => recorded(row, stream));
  }

  readAll(position: number, limit: number): RecordedEvent[] {
    return this.#all.all(position, Math.max(0, limit)).map((row) => recorded(row));
  }

  heads(after: string, limit: number): StreamHead[] {
    const rows = this.#heads.all(after, Math.max(0, limit));
    return rows.map(({ name, revision, hash }) => ({ stream: String(name), revision: Number(revision), hash: String(hash) }));
  }

  head(): number {
    return Number(this.#head.get()?.['head'] ?? 0);
  }
}

/** Rows as arrays are read in a third of the time that rows as objects take (measured). Node before 22.16 has none. */
function asArrays(statement: StatementSync): StatementSync {
  if ('setReturnArrays' in statement) statement.setReturnArrays(true);
  return statement;
}

/** A row of `#byStream` or `#all`, in the order of its columns. Without `stream` the last column names it. */
function recorded(row: unknown, stream?: string): RecordedEvent {
  const columns = Array.isArray(row) ? row : Object.values(row as object);
  const [position, revision, id, type, data, metadata, hash, name] = columns;
  return { stream: stream ?? name, revision, position, id, type, data, metadata, hash };
}
