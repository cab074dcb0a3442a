import type { EventType } from './events.js';

/**
 * A change of the kernel by which it would decide otherwise on an old history than the kernel that recorded it. Histories stay readable and
 * sagas under way go on all the same; but whoever replays a history (`skald audit conform`) must know why it comes out differently.
 */
export interface ReplayChange {
  /** From 1, without gaps; never given out twice. Events that are recorded from then on carry it. */
  readonly number: number;
  /** First version of Skald that decides so. */
  readonly since: string;
  /** What is decided otherwise, a sentence. */
  readonly what: string;
  /** Why that had to be. */
  readonly reason: string;
  /** Types of the events by which it shows: recorded before, or decided now. */
  readonly affects: readonly EventType[];
}

/** All of them, the oldest first. An entry is added in the commit that makes the change, and never changed again. */
export const REPLAY_CHANGES: readonly ReplayChange[] = [];

/** Number of the latest change that this kernel has. */
export const REPLAY_NUMBER: number = REPLAY_CHANGES.length;
