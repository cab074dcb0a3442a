/** An event as it stands in the log. */
export interface LogRecord {
  /** Commit and prepare position alike: every record commits itself, as EventStoreDB writes them since version 5. */
  readonly position: number;
  readonly stream: string;
  /** `DELETED` for a tombstone. */
  readonly revision: number;
  /** A UUID in lower case. */
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** Epoch milliseconds. */
  readonly created: number;
}

export type ProposedEvent = Pick<LogRecord, 'id' | 'type' | 'isJson' | 'data' | 'metadata'>;

/** Stands for the server's long.MaxValue: the revision of a tombstone, and of everything in `$tb` of a soft-deleted stream. */
export const DELETED = Number.MAX_SAFE_INTEGER;
export const DELETED_TEXT = '9223372036854775807';

export const NO_STREAM = -1;

/** What a record takes in the log. Only that it grows with the event matters: positions have gaps, as real ones do. */
export function sizeInLog({ stream, type, data, metadata }: Pick<LogRecord, 'stream' | 'type' | 'data' | 'metadata'>): number {
  return 90 + stream.length + type.length + data.length + metadata.length;
}

export function metastreamOf(stream: string): string {
  return `$$${stream}`;
}

/** The stream that a metadata stream is about. */
export function originalOf(stream: string): string | undefined {
  return stream.startsWith('$$') ? stream.slice(2) : undefined;
}
