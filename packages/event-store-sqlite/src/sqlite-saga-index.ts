import type { IndexPage, IndexQuery, SagaIndex, SagaStatus, SagaSummary } from '@skald/kernel';
import type { Connection } from './connection.js';
import type { SagaPages } from './saga-pages.js';
import type { SagaRows } from './saga-rows.js';

/** The index of a store, in its file; written by `append` in the transaction of the events, and by `put` when it is rebuilt. */
export class SqliteSagaIndex implements SagaIndex {
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

  async due(until: number, limit: number): Promise<readonly { readonly sagaId: string; readonly dueAt: number }[]> {
    return this.connection.run(() => this.pages.due(until, limit));
  }

  async owing(after: string, limit: number): Promise<readonly string[]> {
    return this.connection.run(() => this.pages.owing(after, limit));
  }

  async position(): Promise<number> {
    return this.connection.run(() => this.rows.position);
  }

  async put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    this.#write(() => {
      for (const summary of summaries) this.rows.put(summary);
      this.rows.moveTo(position);
    });
  }

  async clear(): Promise<void> {
    this.#write(() => this.rows.clear());
  }

  #write(work: () => void): void {
    this.connection.transaction(work, () => this.rows.forget());
  }
}
