import { type AttributeQuery, type Attributes, type AttributeValue, attributeFilters, fitsFilter } from '@skald/kernel';
import { dateOf } from '../terminal/moments.js';
import { UsageError } from '../usage.js';

export type AttributeQueries = Readonly<Record<string, AttributeQuery>>;

/** `name=value`, a range `name=100..500` (either end may be left out; the last is not in it), or a beginning `name=An*`. */
export function attributeQueries(words: readonly string[]): AttributeQueries {
  return Object.fromEntries(words.map(attributeQuery));
}

function attributeQuery(word: string): [string, AttributeQuery] {
  const [, name, text] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
  if (name === undefined || text === undefined)
    throw new UsageError(`--attribute ${word}: name=value is wanted, a range name=1..5, or name=An*`);
  if (text.startsWith('"')) return [name, valueIn(text)];
  if (text.endsWith('*')) return [name, { prefix: text.slice(0, -1) }];
  const [, from, to] = /^(.*?)\.\.(.*)$/s.exec(text) ?? [];
  if (from === undefined || to === undefined) return [name, valueIn(text)];
  return [name, { ...(from !== '' && { from: valueIn(from) }), ...(to !== '' && { to: valueIn(to) }) }];
}

/** A number, a boolean or a date where it reads as one; in quotes always a text. */
function valueIn(text: string): AttributeValue {
  const date = dateOf(text);
  if (date !== undefined) return new Date(date);
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string') return value;
  } catch {
    // Then it is the text itself.
  }
  return text;
}

/** As an index would answer it. */
export function matchesAttributes(attributes: Attributes | undefined, queries: AttributeQueries): boolean {
  return attributeFilters(queries).every((filter) => fitsFilter(attributes, filter));
}
