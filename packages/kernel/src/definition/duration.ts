import { SkaldError } from '../errors/errors.js';

/** A length of time: milliseconds as a number, or a number with a unit: `250ms`, `5s`, `10m`, `2h`, `7d`, `365d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest duration accepted: 1,000 days. A longer one is nearly always a unit mistake. */
export const MAX_DURATION = 1_000 * 86_400_000;

/** Duration in milliseconds. Throws `invalid-duration`, which names `field`. */
export function milliseconds(duration: Duration | string, field: string): number {
  const parsed = typeof duration === 'number' ? duration : parse(duration);
  if (!Number.isFinite(parsed) || parsed < 0 || parsed > MAX_DURATION) {
    throw new SkaldError('invalid-duration', { field, value: String(duration) });
  }
  return Math.round(parsed);
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return Number.NaN;
  return Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN);
}
