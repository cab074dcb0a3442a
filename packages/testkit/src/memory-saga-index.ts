import {
  attributeFilters,
  fitsFilter,
  type IndexPage,
  type IndexQuery,
  isEnded,
  type SagaIndex,
  type SagaStatus,
  type SagaSummary,
  SkaldError,
  type VersionCount,
} from '@skald/kernel';

interface Entry {
  /** Order of arrival: parts sagas that were started in the same millisecond. */
  readonly arrival: number;
  readonly summary: SagaSummary;
}

/** An index in memory, by the shortest way: every question scans everything. */
export class MemorySagaIndex implements SagaIndex {
  #entries = new Map<string, Entry>();
  #arrivals = 0;
  #position = 0;

  async get(sagaId: string): Promise<SagaSummary | undefined> {
    return this.#entries.get(sagaId)?.summary;
  }

  async list({ limit = 100, after, ...query }: IndexQuery): Promise<IndexPage> {
    const filters = attributeFilters(query.attributes);
    const cursor = after === undefined ? undefined : parseCursor(after);
    const found = [...this.#entries.values()]
      .filter(({ summary }) => fitsQuery(summary, query) && filters.every((filter) => fitsFilter(summary.attributes, filter)))
      .sort(newestFirst)
      .filter((entry) => cursor === undefined || newestFirst(cursor, entry) < 0);
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return { sagas: page.map(({ summary }) => summary), next: last && `${last.summary.startedAt}.${last.arrival}` };
  }

  async count(): Promise<Partial<Record<SagaStatus, number>>> {
    const counts: Partial<Record<SagaStatus, number>> = {};
    for (const { summary } of this.#entries.values()) counts[summary.status] = (counts[summary.status] ?? 0) + 1;
    return counts;
  }

  async unended(): Promise<readonly VersionCount[]> {
    const counts = new Map<string, VersionCount>();
    for (const { summary } of this.#entries.values()) {
      if (isEnded(summary.status)) continue;
      const { saga, version } = summary;
      const key = `${saga} ${version}`;
      counts.set(key, { saga, version, sagas: (counts.get(key)?.sagas ?? 0) + 1 });
    }
    return [...counts.values()].sort((a, b) => (a.saga === b.saga ? a.version - b.version : a.saga < b.saga ? -1 : 1));
  }

  async due(
    until: number,
    limit: number,
    fits: (sagaId: string) => boolean = () => true,
  ): Promise<readonly { readonly sagaId: string; readonly dueAt: number }[]> {
    return [...this.#entries.values()]
      .flatMap(({ summary: { sagaId, dueAt } }) => (dueAt !== undefined && dueAt <= until && fits(sagaId) ? [{ sagaId, dueAt }] : []))
      .sort((a, b) => a.dueAt - b.dueAt)
      .slice(0, limit);
  }

  async throttled(
    saga: string,
    limit: number,
    fits: (sagaId: string) => boolean = () => true,
  ): Promise<readonly { readonly sagaId: string; readonly startedAt: number }[]> {
    return [...this.#entries.values()]
      .filter(({ summary }) => summary.saga === saga && summary.status === 'throttled' && fits(summary.sagaId))
      .sort((a, b) => newestFirst(b, a))
      .slice(0, limit)
      .map(({ summary: { sagaId, startedAt } }) => ({ sagaId, startedAt }));
  }

  async owing(after: string, limit: number): Promise<readonly string[]> {
    return [...this.#entries.values()]
      .filter(({ summary }) => summary.owes && summary.sagaId > after)
      .map(({ summary }) => summary.sagaId)
      .sort((a, b) => (a < b ? -1 : 1))
      .slice(0, limit);
  }

  async position(): Promise<number> {
    return this.#position;
  }

  async put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    for (const summary of summaries) this.set(summary);
    this.#position = position;
  }

  async clear(): Promise<void> {
    this.#entries.clear();
    this.#position = 0;
  }

  /** For a store that keeps this index itself: what its append says of a saga. */
  set(summary: SagaSummary): void {
    const arrival = this.#entries.get(summary.sagaId)?.arrival ?? ++this.#arrivals;
    this.#entries.set(summary.sagaId, { arrival, summary });
  }

  /** For a store that keeps this index itself: it goes on from `before` to `after`; an index that is elsewhere stays there. */
  moveOn(before: number, after: number): void {
    if (this.#position === before) this.#position = after;
  }
}

function fitsQuery(summary: SagaSummary, { status, saga, startedAfter, startedBefore, since, error }: IndexQuery): boolean {
  const fits: readonly boolean[] = [
    status?.includes(summary.status) ?? true,
    saga === undefined || summary.saga === saga,
    startedAfter === undefined || summary.startedAt >= startedAfter,
    startedBefore === undefined || summary.startedAt < startedBefore,
    since === undefined || summary.since >= since,
    error === undefined || summary.error?.split(':')[0] === error,
  ];
  return fits.every(Boolean);
}

function newestFirst(a: Entry, b: Entry): number {
  return b.summary.startedAt - a.summary.startedAt || b.arrival - a.arrival;
}

function parseCursor(after: string): Entry {
  const parts = /^(-?\d+)\.(\d+)$/.exec(after);
  if (!parts) throw new SkaldError('invalid-cursor', { after });
  return { arrival: Number(parts[2]), summary: { startedAt: Number(parts[1]) } as SagaSummary };
}
