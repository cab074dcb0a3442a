import {
  type IndexPage,
  type IndexQuery,
  type SagaIndex,
  type SagaStatus,
  type SagaSummary,
  SkaldError,
  type VersionCount,
} from '@skald/kernel';
import type { Connection } from './connection.js';
import type { SagaPages } from './saga-pages.js';
import type { SagaRows } from './saga-rows.js';

/**
 * The index of a store, in its file; written by `append` in the transaction of the events, and by `put` when it is rebuilt.
 *
 * Where processes share the store, more than one may bring the index up to date at the same time, or one while the others append:
 *
 * X1. The position moves only forward, except by `clear()`.
 * X2. What is behind the position was seen already, and maybe overtaken: such a put changes nothing.
 * X3. A put of a rebuild that began before another process cleared the index rejects: the rows before it are gone.
 */
export class SqliteSagaIndex implements SagaIndex {
  /** X3: how often the index had been cleared when this process last looked where it stands. */
  #clearings: number | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly rows: SagaRows,
    private readonly pages: SagaPages,
  ) {}

  async get(sagaId: string): Promise<SagaSummary | undefined> {
    return this.connection.run(() => this.rows.get(sagaId));
  }

  async list(query: IndexQuery): Promise<IndexPage> {
    return this.connection.run(() => this.pages.list(query));
  }

  async count(): Promise<Partial<Record<SagaStatus, number>>> {
    return this.connection.run(() => this.rows.counts());
  }

  async unended(): Promise<readonly VersionCount[]> {
    return this.connection.run(() => this.pages.unended());
  }

  async due(
    until: number,
    limit: number,
    fits: (sagaId: string) => boolean = () => true,
  ): Promise<readonly { readonly sagaId: string; readonly dueAt: number }[]> {
    return this.connection.run(() => this.pages.due(until, limit, fits));
  }

  async throttled(
    saga: string,
    limit: number,
    fits: (sagaId: string) => boolean = () => true,
  ): Promise<readonly { readonly sagaId: string; readonly startedAt: number }[]> {
    return this.connection.run(() => this.pages.throttled(saga, limit, fits));
  }

  async owing(after: string, limit: number): Promise<readonly string[]> {
    return this.connection.run(() => this.pages.owing(after, limit));
  }

  async position(): Promise<number> {
    return this.connection.run(() => {
      // In this order: cleared in between, it must look like a rebuild that began before.
      this.#clearings = this.rows.clearings;
      return this.rows.position;
    });
  }

  async put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    await this.#write(() => {
      if (this.connection.role === 'sharer' && !this.#isNews(position)) return;
      for (const summary of summaries) this.rows.put(summary);
      this.rows.moveTo(position);
    });
  }

  async clear(): Promise<void> {
    await this.#write(() => {
      this.rows.clear();
      this.#clearings = this.rows.clearings;
    });
  }

  #isNews(position: number): boolean {
    const { clearings } = this.rows;
    this.#clearings ??= clearings;
    if (this.#clearings !== clearings) throw new SkaldError('index-cleared', { file: this.connection.file });
    return position >= this.rows.position;
  }

  #write(work: () => void): Promise<void> {
    return this.connection.transaction(
      () => {
        this.rows.refresh();
        work();
      },
      () => this.rows.forget(),
    );
  }
}
