/** What a model participant remembers of one idempotency key, and what really happened under it. */
export interface KeyRecord {
  readonly key: string;
  readonly step: string;
  fence:
    | { readonly type: 'nothing' }
    | { readonly type: 'running'; readonly token: number; readonly leaseUntil: number }
    | { readonly type: 'succeeded' }
    | { readonly type: 'deferred' }
    | { readonly type: 'failed' }
    | { readonly type: 'undone'; readonly round: number; readonly executed: boolean }
    | { readonly type: 'sealed'; readonly doubt: boolean };
  /** Times the effect was made, and how many of those stand. */
  applied: number;
  standing: number;
  /** The fence has forgotten this key, and everything it is asked about it is unknowable. */
  forgotten: boolean;
  /** A run was interrupted, so that the effect may have been made more than once, or after its undo. */
  interrupted: boolean;
}

/** A run of an external action: between its start and its end anything can happen, its own replacement included. */
export interface Run {
  readonly record: KeyRecord;
  readonly token: number;
}

export const LEASE = 60;

export function newRecord(key: string, step: string): KeyRecord {
  return { key, step, fence: { type: 'nothing' }, applied: 0, standing: 0, forgotten: false, interrupted: false };
}
