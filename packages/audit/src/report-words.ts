/** Names, times, errors and people's actions in plain words: no term of the trade, no mark that has to be explained. */
import { DROPPED, ENCRYPTED } from '@skald/engine';
import type { ErrorRecord, OperatorAction } from '@skald/kernel';

/** `reserveStock` as people write it: `Reserve stock`. An item of a map, `ship/17`, is `Ship, item 18`: people count from one. */
export function words(id: string): string {
  const [, step = id, index] = /^(.+)\/(\d+)$/.exec(id) ?? [];
  const spaced = step
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .toLowerCase();
  const name = spaced.charAt(0).toUpperCase() + spaced.slice(1);
  return index === undefined ? name : `${name}, item ${Number(index) + 1}`;
}

/** What stands where payloads were. */
export function isPlaceholder(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 1 && isPlaceholder(value[0]);
  return value === ENCRYPTED || value === DROPPED;
}

export function errorWords({ name, message }: ErrorRecord): string {
  return isPlaceholder(message) || message === '' ? name : `${message} (${name})`;
}

/** An operator's action, on what it was taken; with the time that was given, where it is about one. */
export function actionWords(action: OperatorAction, target?: string, dueAt?: number): string {
  const until = dueAt === undefined ? 'Took away the time … had to be over by' : `Gave … until ${dateTime(dueAt)} to be over`;
  const moved = `Had … wait until ${dueAt === undefined ? 'another time' : dateTime(dueAt)}`;
  const phrase = action === 'deadline' ? until : action === 'move' ? moved : (ACTIONS[action] ?? `${words(action)} …`);
  return phrase.replace('…', targetWords(target));
}

const ACTIONS: Readonly<Partial<Record<OperatorAction, string>>> = {
  retry: 'Had … tried again',
  patch: 'Had … tried again, with another request',
  skip: 'Left … out',
  succeed: 'Declared … done',
  fail: 'Declared that … did not happen',
  suspend: 'Had … stop for the time being',
  resume: 'Had … go on',
  terminate: 'Ended … as it stood',
};

export function targetWords(target?: string): string {
  if (target === undefined || target === 'program') return 'it';
  const step = words(target.slice(target.indexOf(':') + 1));
  return target.startsWith('compensation:') ? `the undoing of “${step}”` : `“${step}”`;
}

export function lowered(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

/** In UTC: `24 Nov 2026, 10:05:17`. */
export function dateTime(at: number): string {
  if (Math.abs(at) > 8.64e15) return `${at} ms after 1970`;
  const date = new Date(at);
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${date.toISOString().slice(11, 19)}`;
}

const MONTHS = [...['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']];

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `0.3 seconds`, `4 minutes 5 seconds`, `3 days 2 hours`. */
export function span(milliseconds: number): string {
  const seconds = Number((milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1));
  if (milliseconds < 60_000) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const first = UNITS.findIndex(([, size]) => milliseconds >= size);
  let rest = milliseconds;
  const parts = UNITS.slice(first, first + 2).flatMap(([name, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole === 0 ? [] : [counted(whole, name)];
  });
  return parts.join(' ');
}

/** `1 entry`, `2 entries`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`; of many the first, and how many more. */
export function listed(names: readonly string[], most = 6): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  const last = shown.at(-1) ?? '';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
}
