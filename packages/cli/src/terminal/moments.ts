import { milliseconds } from '@skald/kernel';
import { UsageError } from '../usage.js';

/** A point in time as people write it: `2h` (that long ago), or a date: `2026-11-24`, `2026-11-24T09:45`. In UTC unless it says otherwise. */
export function momentOf(option: string, text: string, now: number): number {
  const ago = durationOf(text);
  if (ago !== undefined) return now - ago;
  const at = dateOf(text);
  if (at !== undefined) return at;
  throw new UsageError(`${option} ${text}: neither a time ago (30s, 15m, 2h, 7d) nor a date (2026-11-24, 2026-11-24T09:45)`);
}

/** A point in time to come: `2h` (in that time), `now`, or a date. */
export function comingMomentOf(option: string, text: string, now: number): number {
  if (text === 'now') return now;
  const until = durationOf(text) ?? Number.NaN;
  const at = Number.isNaN(until) ? dateOf(text) : now + until;
  if (at !== undefined) return at;
  throw new UsageError(
    `${option} ${text}: neither "now", nor a time from now (30s, 15m, 2h, 7d), nor a date (2026-11-24, 2026-11-24T09:45)`,
  );
}

export function durationOf(text: string): number | undefined {
  if (!/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return undefined;
  return milliseconds(text as `${number}s`, 'time');
}

export function dateOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(text)) return undefined;
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
  const at = Date.parse(`${text.replace(' ', 'T')}${text.length > 10 && !hasZone ? 'Z' : ''}`);
  return Number.isNaN(at) ? undefined : at;
}
