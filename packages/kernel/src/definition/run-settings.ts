/** How a saga is run and watched: nothing that a decision depends on. */
export interface RunSettings {
  /** Absent: every outcome is recorded as it comes (mode `standard`). */
  readonly express?: ExpressSettings;
  /** Absent: warnings, without data. */
  readonly log?: LogSettings;
}

export interface ExpressSettings {
  /** What is recorded of a saga that has ended: one event, or nothing. */
  readonly summary: 'event' | 'none';
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogSettings {
  /** Records below it are not made. */
  readonly level: LogLevel;
  /** Inputs, arguments, results and outputs are in the records. Events hold them always. */
  readonly data: boolean;
}

/** So long may an express saga be under way, in milliseconds: 5 minutes. One that is not through by then goes on as a standard one. */
export const LONGEST_EXPRESS = 5 * 60_000;
