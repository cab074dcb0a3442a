const UNITS = [
  ['s', 1_000, 60],
  ['min', 60_000, 60],
  ['h', 3_600_000, 48],
] as const;

/** `now`, `12 s`, `3 min`, `5 h`, `2 d`: how long ago or until, as much as matters. */
export function age(milliseconds: number): string {
  const size = Math.abs(milliseconds);
  if (size < 500) return 'now';
  for (const [unit, length, most] of UNITS) if (Math.round(size / length) < most) return `${Math.round(size / length)} ${unit}`;
  return `${Math.round(size / 86_400_000)} d`;
}

export function ago(milliseconds: number): string {
  const text = age(milliseconds);
  if (text === 'now') return 'just now';
  return milliseconds < 0 ? `in ${text}` : `${text} ago`;
}

/** When something falls due, seen from now. */
export function due(milliseconds: number): string {
  const text = age(milliseconds);
  if (text === 'now') return 'now';
  return milliseconds < 0 ? `${text} ago` : `in ${text}`;
}

/** `2026-11-24 09:45:09` in UTC; what lies beyond the calendar of dates in milliseconds. */
export function dateTime(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString().slice(0, 19).replace('T', ' ') : `${at} ms after 1970`;
}
