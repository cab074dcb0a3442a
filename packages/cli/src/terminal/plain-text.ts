import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** What came from outside must not steer a terminal: control characters and those that turn the direction of writing are shown, not sent. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`);
}

/** A value as JSON on one line. */
export function json(value: unknown): string {
  return plain(JSON.stringify(value) ?? 'nothing');
}

export function errorText({ name, message }: { readonly name: string; readonly message: string }): string {
  return plain(`${name}: ${message}`);
}

/** Columns of a terminal that a text takes: a Chinese character takes two, an accent of its own none. */
export function widthOfText(text: string): number {
  return stringWidth(text);
}

export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

/** More code units than this for a column are not looked at: a result may be a megabyte. */
const UNITS_A_COLUMN = 20;

/** What fits into so many columns; a character is never cut in two. */
export function shortened(text: string, width: number): string {
  if (!Number.isFinite(width)) return text;
  return cliTruncate(text.slice(0, (width + 1) * UNITS_A_COLUMN), Math.max(1, width));
}

/** Words in lines of this width; the lines after the first begin with `indent`. A word that is longer stands alone. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  return wrapAnsi(text, width - indent.length)
    .split('\n')
    .map((line, at) => (at === 0 ? line : `${indent}${line}`));
}

/** A point in time; what lies beyond the calendar of dates is told in milliseconds. */
export function moment(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : `${at} ms after 1970`;
}

/** `7 ms`, `1.25 s`, `4 min 5 s`, `2 h 3 min`, `3 d 4 h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1_000).toFixed(2))} s`;
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const;
  const first = units.findIndex(([, size]) => milliseconds >= size);
  const parts: string[] = [];
  let rest = milliseconds;
  for (const [unit, size] of units.slice(first, first + 2)) {
    const whole = Math.floor(rest / size);
    if (whole > 0) parts.push(`${whole} ${unit}`);
    rest -= whole * size;
  }
  return parts.join(' ');
}
