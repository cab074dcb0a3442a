import type { SagaIndex, SagaSummary } from './saga-index.js';

/** An event as it is about to be written. `data` and `metadata` are JSON texts and are stored and given back as these very characters. */
export interface NewEvent {
  /** UUID made from the event's hash: equal id means equal content on equal history. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** SHA-256 over the hash before, type, data and metadata; hex. */
  readonly hash: string;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** From 0, without gaps, within the stream. */
  readonly revision: number;
  /** Strictly increasing over all streams; gaps are allowed. 0 where a store cannot tell it of the events of one stream. */
  readonly position: number;
}

/** One atomic append to one stream. */
export interface StreamWrite {
  readonly stream: string;
  /** Revision of the last event that the writer knows; -1 where the stream must not exist. */
  readonly expectedRevision: number;
  /** At least one. */
  readonly events: readonly NewEvent[];
  /** What the index shall say of the saga from now on, for a store that keeps one (`ownIndex`); others ignore it. Absent: unchanged. */
  readonly summary?: SagaSummary;
}

/** Each write has a fate of its own. */
export type AppendOutcome =
  | { readonly type: 'appended'; readonly revision: number; readonly position: number }
  /** Nothing of this write was stored. `actual`: the stream's revision, -1 where there is none. */
  | { readonly type: 'conflict'; readonly actual: number }
  /** It may or may not have been stored: retry with the same events and the same expected revision. */
  | { readonly type: 'unknown'; readonly error: Error };

export interface ReadOptions {
  /** First revision wanted; default 0. */
  readonly from?: number;
  /** At most so many events; default 1,000. */
  readonly limit?: number;
}

/** The last event of a stream. */
export interface StreamHead {
  readonly stream: string;
  readonly revision: number;
  readonly hash: string;
}

export interface Subscription {
  /** Resolves when the listener is not running and never will again. */
  stop(): Promise<void>;
}

/**
 * Streams of events with optimistic concurrency and one global order.
 * `append` rejects with a `SkaldError` (`store-full`, `store-failed`, `store-closed`) when nothing of the batch was stored.
 * A repeat of an append that was stored (same expected revision, same event ids) is `appended` again, with the revision and position of then,
 * and stores nothing, not even its summary. Events that partly stand there are a conflict.
 */
export interface EventStore {
  /** The index that `append` keeps in the transaction of the events. Absent: none; an index is then to be fed by a subscription. */
  readonly ownIndex?: SagaIndex | undefined;
  /** Positions are given out without gaps: one that is missing was taken away. */
  readonly isDense?: true;
  append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]>;
  /** Empty where there is no such stream, or no more of it. */
  read(stream: string, options?: ReadOptions): Promise<readonly RecordedEvent[]>;
  /**
   * Events of all streams after `position` (0: from the beginning), in global order. Where positions are dense, less than 0 gives besides what
   * stands before the first, and nobody has appended.
   */
  readAll(position: number, limit: number): Promise<readonly RecordedEvent[]>;
  /** Heads of the streams whose names follow `after` in the order of their bytes in UTF-8. Absent where a store cannot list its streams. */
  heads?(after: string, limit: number): Promise<readonly StreamHead[]>;
  /** Position of the last event; 0 in an empty store. */
  head(): Promise<number>;
  /** Calls `listener` with every event after `position`, in global order, one call at a time; a listener that rejects gets the same events again. */
  subscribe(position: number, listener: (events: readonly RecordedEvent[]) => Promise<void>): Subscription;
  close(): Promise<void>;
}
