import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AppendOutcome, StreamWrite } from '@skald/kernel';
import { type Connection, Watch } from './connection.js';
import type { EventRows } from './event-rows.js';
import { Recent } from './recent.js';
import type { SagaRows } from './saga-rows.js';

/**
 * Appends a batch of writes in one transaction.
 *
 * P1. Each write has its own fate: whether it conflicts is known before anything of it is stored, so that a conflict undoes nothing.
 * P2. The batch is stored whole or not at all: events, heads, summaries and the index's position.
 * P3. A repeat of a stored write stores nothing, not even its summary, which may be older than the index by now.
 * P4. What is remembered of heads is true: there is one owner (see ownership.ts), or what another process wrote is noticed before it is
 *     relied on; and after a failure everything is forgotten.
 * P5. Positions are given out under the file's write lock: the order of positions is the order of commits, without gaps, whoever writes.
 */
export class Appender {
  readonly #heads = new Recent<Head>(20_000);
  readonly #create: StatementSync;
  readonly #load: StatementSync;
  readonly #move: StatementSync;
  /** Absent for an owner. */
  readonly #others: Watch | undefined;
  #position: number;

  constructor(
    private readonly connection: Connection,
    private readonly events: EventRows,
    private readonly sagas: SagaRows,
  ) {
    const db: DatabaseSync = connection.db;
    this.#create = db.prepare('INSERT INTO streams (name, revision, hash) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#load = db.prepare('SELECT id, revision FROM streams WHERE name = ?');
    this.#move = db.prepare('UPDATE streams SET revision = ?, hash = ? WHERE id = ?');
    this.#others = connection.role === 'owner' ? undefined : new Watch(db);
    this.#position = events.head();
  }

  /** Position of the last event as far as this process has written. */
  get head(): number {
    return this.#position;
  }

  append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    let before = this.#position;
    return this.connection.transaction(
      () => {
        if (this.#others?.changed()) this.#forget(this.events.head());
        this.sagas.refresh();
        before = this.#position;
        const outcomes = writes.map((write) => this.#write(write));
        this.events.flush();
        // An index that is behind stays behind until it is rebuilt: only then has it seen everything.
        if (this.#position > before && this.sagas.position === before) this.sagas.moveTo(this.#position);
        return outcomes;
      },
      () => this.#forget(before),
    );
  }

  #forget(position: number): void {
    this.#position = position;
    this.#heads.clear();
    this.events.discard();
    this.sagas.forget();
  }

  #write(write: StreamWrite): AppendOutcome {
    const { stream, expectedRevision, events, summary } = write;
    const last = events.at(-1);
    if (last === undefined) throw new TypeError(`a write to ${stream} has no events`);
    const revision = expectedRevision + events.length;
    let head = this.#heads.get(stream);
    const isNew = head === undefined && expectedRevision === -1 && this.#createStream(stream, revision, last.hash);
    head ??= this.#loadHead(stream);
    if (head === undefined) return { type: 'conflict', actual: -1 };
    if (!isNew) {
      if (head.revision !== expectedRevision) return this.#repeatOrConflict(head, write);
      this.#move.run(revision, last.hash, head.id);
    }
    head.revision = revision;
    let next = expectedRevision;
    for (const event of events) this.events.add(++this.#position, head.id, ++next, event);
    if (summary !== undefined) this.sagas.put(summary, isNew);
    return { type: 'appended', revision, position: this.#position };
  }

  #createStream(stream: string, revision: number, hash: string): boolean {
    const { changes, lastInsertRowid } = this.#create.run(stream, revision, hash);
    if (changes === 0) return false;
    this.#heads.set(stream, { id: Number(lastInsertRowid), revision });
    return true;
  }

  #loadHead(stream: string): Head | undefined {
    const known = this.#heads.get(stream);
    if (known) return known;
    const row = this.#load.get(stream);
    if (!row) return undefined;
    const head = { id: Number(row['id']), revision: Number(row['revision']) };
    this.#heads.set(stream, head);
    return head;
  }

  #repeatOrConflict(head: Head, { expectedRevision, events }: StreamWrite): AppendOutcome {
    const revision = expectedRevision + events.length;
    const position = revision <= head.revision ? this.events.findRepeat(head.id, expectedRevision, events) : undefined;
    return position === undefined ? { type: 'conflict', actual: head.revision } : { type: 'appended', revision, position };
  }
}

interface Head {
  readonly id: number;
  revision: number;
}
