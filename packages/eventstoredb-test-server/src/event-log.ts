import { DELETED, type LogRecord, metastreamOf, NO_STREAM, originalOf } from './log-record.js';

/** What `$$stream` says of a stream; absent: no limit. */
export interface StreamLimits {
  readonly maxCount?: number;
  /** Seconds. */
  readonly maxAge?: number;
  /** `DELETED`: the stream is soft-deleted. */
  readonly truncateBefore?: number;
}

/** All events in order, and by stream. What is in it can be read; nothing is ever taken out. */
export class EventLog {
  readonly all: LogRecord[] = [];
  readonly #streams = new Map<string, LogRecord[]>();
  readonly #tombstones = new Set<string>();
  readonly #limits = new Map<string, StreamLimits>();
  #listeners = new Set<() => void>();

  add(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.all.push(record);
      if (record.revision === DELETED) this.#tombstones.add(record.stream);
      else this.#streamOf(record.stream).push(record);
      const original = originalOf(record.stream);
      if (original !== undefined) this.#limits.set(original, parseLimits(record.data));
    }
    for (const wake of this.#listeners) wake();
  }

  /** `wake` is called after every write. */
  onAdded(wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }

  /** `NO_STREAM`, `DELETED` or the last revision; limits do not count here. A deleted stream takes its metadata with it. */
  lastRevision(stream: string): number {
    const original = originalOf(stream);
    if (this.#tombstones.has(stream) || (original !== undefined && this.#tombstones.has(original))) return DELETED;
    return (this.#streams.get(stream)?.length ?? 0) - 1;
  }

  at(stream: string, revision: number): LogRecord | undefined {
    return this.#streams.get(stream)?.[revision];
  }

  limits(stream: string): StreamLimits {
    return this.#limits.get(stream) ?? {};
  }

  isSoftDeleted(stream: string): boolean {
    return this.limits(stream).truncateBefore === DELETED;
  }

  /** The JSON of the last metadata of a stream. */
  rawLimits(stream: string): Record<string, unknown> {
    const metastream = metastreamOf(stream);
    const record = this.at(metastream, this.lastRevision(metastream));
    return record ? parseObject(record.data) : {};
  }

  /** The first revision that may be read, and the last; `NO_STREAM` as last where there is nothing. */
  bounds(stream: string, now: number): { readonly first: number; readonly last: number } {
    const last = (this.#streams.get(stream)?.length ?? 0) - 1;
    const { maxCount, maxAge, truncateBefore = 0 } = this.limits(stream);
    let first = Math.max(0, truncateBefore, maxCount === undefined ? 0 : last - maxCount + 1);
    if (maxAge !== undefined) while (first <= last && (this.at(stream, first)?.created ?? now) < now - maxAge * 1_000) first++;
    return { first, last: last < 0 ? NO_STREAM : last };
  }

  /** Index in `all` of the first record at or after a position. */
  indexOf(position: number): number {
    let low = 0;
    let high = this.all.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.all[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #streamOf(stream: string): LogRecord[] {
    const there = this.#streams.get(stream);
    if (there) return there;
    const fresh: LogRecord[] = [];
    this.#streams.set(stream, fresh);
    return fresh;
  }
}

function parseObject(data: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString());
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    // The server takes metadata that it cannot read for none.
    return {};
  }
}

function parseLimits(data: Uint8Array): StreamLimits {
  const { $maxCount, $maxAge, $tb } = parseObject(data);
  return {
    ...(typeof $maxCount === 'number' && { maxCount: $maxCount }),
    ...(typeof $maxAge === 'number' && { maxAge: $maxAge }),
    ...(typeof $tb === 'number' && { truncateBefore: Math.min($tb, DELETED) }),
  };
}
