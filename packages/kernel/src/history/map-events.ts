import type { ErrorRecord } from '../errors/errors.js';
import type { Recorded } from './recorded.js';

/**
 * The step asks for so many items, `concurrency` at a time; up to `tolerated` of them may fail. Each is a step of its own from its first request
 * on, with the id `<step>/<index>`.
 */
export type MapStarted = Recorded<
  'MapStarted',
  {
    readonly step: string;
    readonly after: readonly string[];
    readonly count: number;
    readonly concurrency: number;
    readonly tolerated: number;
    /** Of the items as they were then; not kept themselves, they must be the same, in the same order, whenever they are asked for. Absent in older histories. */
    readonly fingerprint?: string;
  }
>;
/** Every item is through, and the step is settled. Its result is the list of theirs, in order, with nothing in the place of those that have none. */
export type MapCompleted = Recorded<'MapCompleted', { readonly step: string }>;
/** More items have failed than are tolerated: no further ones are asked for, and none is tried again. */
export type MapFailed = Recorded<'MapFailed', { readonly step: string; readonly error: ErrorRecord }>;
