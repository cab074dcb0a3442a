import type { EncodedEvent } from './event-envelope.js';

/** A write, ready to be sent. */
export interface EncodedWrite {
  /** With the prefix. */
  readonly stream: string;
  /** -1: no stream. */
  readonly expectedRevision: number;
  readonly events: readonly EncodedEvent[];
}

/** What one attempt came to. */
export type Answer =
  | { readonly type: 'appended'; readonly revision: number; readonly position: number }
  /** `actual`: -1 where there is no stream. */
  | { readonly type: 'conflict'; readonly actual: number }
  /** The server will not have it, now or later. Nothing was stored. */
  | { readonly type: 'refused'; readonly error: Error }
  /** It never left. Nothing was stored by this attempt. */
  | { readonly type: 'unsent'; readonly error: Error }
  | { readonly type: 'unknown'; readonly error: Error };

export interface AppendCalls {
  /** Never rejects. Writes are carried out in the order in which they are sent. */
  send(write: EncodedWrite): Promise<Answer>;
  close(): void;
}
