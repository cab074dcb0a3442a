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

export function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Words in lines of this width; the lines after the first begin with `indent`. A word that is longer stands alone. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const begun = line !== '' && line !== indent;
    if (begun && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = begun ? `${line} ${word}` : `${line}${word}`;
  }
  return [...lines, line];
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
