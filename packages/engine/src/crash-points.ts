/**
 * Named places between two effects, where a crash leaves something half done. Tests stop the world there, one after the other; in
 * production `reach` does nothing.
 */
export const CRASH_POINTS = [
  'inbox:taken',
  'inbox:decided',
  'inbox:appended',
  'inbox:published',
  'inbox:acknowledged',
  'participant:taken',
  'participant:executed',
  'participant:committed',
  'participant:replied',
  'timer:fired',
  'limiter:decided',
  'limiter:appended',
  'limiter:published',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number];

export interface CrashPoints {
  /** Does not return when the world ends here. */
  reach(point: CrashPoint): void;
}

export const NO_CRASH_POINTS: CrashPoints = { reach: () => {} };
