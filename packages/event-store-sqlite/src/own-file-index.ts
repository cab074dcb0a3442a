import type { DatabaseSync } from 'node:sqlite';
import {
  type IndexPage,
  type IndexQuery,
  type SagaIndex,
  type SagaStatus,
  type SagaSummary,
  SkaldError,
  type VersionCount,
} from '@skald/kernel';
import { Connection } from './connection.js';
import { removeIndexFile } from './index-file.js';
import { SagaPages } from './saga-pages.js';
import { SagaRows } from './saga-rows.js';
import { SqliteSagaIndex } from './sqlite-saga-index.js';
import { IN_MEMORY } from './store-file.js';

interface Opened {
  readonly connection: Connection;
  readonly index: SqliteSagaIndex;
}

/**
 * An index in a file of its own, which is made anew to clear it: that works also when the file is damaged. Where damage shows in use, who
 * feeds the index clears it (`store-corrupt`); else the file goes when it is closed, and is made anew by the next start.
 */
export class OwnFileIndex implements SagaIndex {
  #opened: Opened;
  #isDamaged = false;

  constructor(
    private readonly file: string,
    private readonly open: () => DatabaseSync,
  ) {
    this.#opened = this.#open();
  }

  get(sagaId: string): Promise<SagaSummary | undefined> {
    return this.#use((index) => index.get(sagaId));
  }

  list(query: IndexQuery): Promise<IndexPage> {
    return this.#use((index) => index.list(query));
  }

  count(): Promise<Partial<Record<SagaStatus, number>>> {
    return this.#use((index) => index.count());
  }

  unended(): Promise<readonly VersionCount[]> {
    return this.#use((index) => index.unended());
  }

  due(until: number, limit: number, fits?: (sagaId: string) => boolean): ReturnType<SagaIndex['due']> {
    return this.#use((index) => index.due(until, limit, fits));
  }

  throttled(saga: string, limit: number, fits?: (sagaId: string) => boolean): ReturnType<SagaIndex['throttled']> {
    return this.#use((index) => index.throttled(saga, limit, fits));
  }

  owing(after: string, limit: number): Promise<readonly string[]> {
    return this.#use((index) => index.owing(after, limit));
  }

  position(): Promise<number> {
    return this.#use((index) => index.position());
  }

  put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    return this.#use((index) => index.put(summaries, position));
  }

  async clear(): Promise<void> {
    const { connection } = this.#opened;
    if (connection.closed) throw new SkaldError('store-closed');
    connection.close();
    this.#remove();
    this.#opened = this.#open();
  }

  close(): void {
    this.#opened.connection.close();
    if (this.#isDamaged) this.#remove();
  }

  #remove(): void {
    if (this.file !== IN_MEMORY) removeIndexFile(this.file);
    this.#isDamaged = false;
  }

  async #use<T>(call: (index: SqliteSagaIndex) => Promise<T>): Promise<T> {
    try {
      return await call(this.#opened.index);
    } catch (error) {
      if (error instanceof SkaldError && error.code === 'store-corrupt') this.#isDamaged = true;
      throw error;
    }
  }

  #open(): Opened {
    const db = this.open();
    const connection = new Connection(db, this.file, 'owner');
    try {
      return { connection, index: new SqliteSagaIndex(connection, new SagaRows(db, 'owner'), new SagaPages(db)) };
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}
