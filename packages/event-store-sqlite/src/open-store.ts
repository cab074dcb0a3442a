import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { type EventStore, type SagaIndex, SkaldError } from '@skald/kernel';
import { Appender } from './appender.js';
import { Connection } from './connection.js';
import { EventRows } from './event-rows.js';
import { emptyIndex, OutdatedIndex } from './outdated-index.js';
import { type Ownership, takeOwnership, takeShare } from './ownership.js';
import { SagaPages } from './saga-pages.js';
import { SagaRows } from './saga-rows.js';
import { translate } from './sqlite-errors.js';
import { SqliteEventStore } from './sqlite-event-store.js';
import { SqliteSagaIndex } from './sqlite-saga-index.js';
import { hasIndex, IN_MEMORY, inspect, locate, openForReading, openForWriting } from './store-file.js';
import { checkTables } from './table-check.js';
import { taskSecret } from './task-secret.js';
import { WriteTurns } from './write-turns.js';

export interface SqliteStoreOptions {
  /** Created where there is none; its folder must exist. `:memory:` keeps everything in memory, and nothing after `close()`. */
  readonly file: string;
  /** Needs no ownership and may run beside those who write; changes nothing. Default false. */
  readonly readOnly?: boolean;
  /**
   * Several processes of one machine write to the file: all of them open it so, and none is its owner. An append waits for its turn, and
   * rejects with `store-busy` after 5 seconds without one. Default false: one process owns the file, which is faster.
   */
  readonly shared?: boolean;
}

export interface SqliteStore {
  readonly events: EventStore;
  readonly index: SagaIndex;
  /** The secret that task tokens of its sagas are made with: made at first use, kept in the file. Rejects with `store-read-only` in a reader. */
  taskSecret(): Promise<string>;
  /** Stops subscriptions, waits for their listeners, gives the file free. `events.close()` is the same. */
  close(): Promise<void>;
}

/**
 * Opens a store, the events and their index in one file. Rejects with `store-in-use`, `store-unavailable`, `store-corrupt`, `store-newer`,
 * `store-full` or `store-failed`.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SqliteStore> {
  return openStore(options);
}

interface TestOptions {
  /** A limit on the file's size, for tests of a full disk. */
  readonly maxPages?: number;
  /** How long a write waits for its turn, in milliseconds. */
  readonly patience?: number;
}

export function openStore({ file: name, readOnly = false, shared = false, ...options }: SqliteStoreOptions & TestOptions): SqliteStore {
  const file = locate(name);
  const found = inspect(file);
  if (readOnly) {
    if (found === 'absent') {
      throw new SkaldError('store-unavailable', { file, problem: existsSync(file) ? 'the file is empty' : 'there is no such file' });
    }
    return opening(file, () => assemble(new Connection(openForReading(file), file, 'reader'), undefined));
  }
  if (shared) return openShared(file, options);
  const ownership = file === IN_MEMORY ? undefined : takeOwnership(file);
  try {
    return opening(file, () => assemble(new Connection(openForWriting(file, options.maxPages), file, 'owner'), ownership));
  } catch (error) {
    ownership?.release();
    throw error;
  }
}

function openShared(file: string, { maxPages, patience }: TestOptions): SqliteStore {
  if (file === IN_MEMORY) throw new SkaldError('store-unavailable', { file, problem: 'what is in memory cannot be shared' });
  const share = takeShare(file);
  let turns: WriteTurns | undefined;
  try {
    const store = opening(file, () => {
      turns = new WriteTurns(file, patience);
      return assemble(new Connection(openForWriting(file, maxPages), file, 'sharer', turns), share);
    });
    share.settle();
    return store;
  } catch (error) {
    turns?.close();
    share.release();
    throw error;
  }
}

function opening<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translate(error, file, 'open');
  }
}

function assemble(connection: Connection, ownership: Ownership | undefined): SqliteStore {
  const db: DatabaseSync = connection.db;
  try {
    const rows = new EventRows(db);
    checkTables(db, connection.file);
    const isReadable = hasIndex(db);
    const indexed = isReadable ? db : emptyIndex();
    const sagas = new SagaRows(indexed, connection.role);
    const appender = new Appender(connection, rows, sagas);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= events.stop().finally(() => {
        connection.close();
        ownership?.release();
      });
      return closing;
    };
    const index = isReadable ? new SqliteSagaIndex(connection, sagas, new SagaPages(db)) : new OutdatedIndex(connection.file);
    const events = new SqliteEventStore(connection, rows, appender, index, close);
    return { events, index, taskSecret: () => taskSecret(connection), close };
  } catch (error) {
    connection.close();
    throw error;
  }
}
