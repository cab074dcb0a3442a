import type { Attributes, AttributeValue } from '../deciding/attributes.js';
import { SkaldError } from '../errors/errors.js';

/** A value, or a range of values of one type (`from` included, `to` not), or texts that begin so. */
export type AttributeQuery =
  | AttributeValue
  | { readonly from?: AttributeValue; readonly to?: AttributeValue }
  | { readonly prefix: string };

export type AttributeType = 'string' | 'number' | 'boolean' | 'date';
/** Comparable within its type: dates are epoch milliseconds, booleans 0 and 1. */
export type AttributeKey = string | number;

/** A question about an attribute as an index asks it. Values of another type do not match. */
export type AttributeFilter = { readonly name: string; readonly type: AttributeType } & (
  | { readonly is: AttributeKey }
  | { readonly from: AttributeKey | undefined; readonly to: AttributeKey | undefined }
  | { readonly prefix: string }
);

export function attributeType(value: AttributeValue): AttributeType {
  if (value instanceof Date) return 'date';
  const type = typeof value;
  return type === 'boolean' || type === 'number' ? type : 'string';
}

export function attributeKey(value: AttributeValue): AttributeKey {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'boolean' ? Number(value) : value;
}

/** What every index answers. */
export function fitsFilter(attributes: Attributes | undefined, filter: AttributeFilter): boolean {
  const value = attributes?.[filter.name];
  if (value === undefined || attributeType(value) !== filter.type) return false;
  const key = attributeKey(value);
  if ('is' in filter) return key === filter.is;
  if ('prefix' in filter) return String(key).startsWith(filter.prefix);
  return (filter.from === undefined || key >= filter.from) && (filter.to === undefined || key < filter.to);
}

/** Throws `invalid-query`. */
export function attributeFilters(attributes: Readonly<Record<string, AttributeQuery>> = {}): AttributeFilter[] {
  return Object.entries(attributes).map(([name, query]) => attributeFilter(name, query));
}

function attributeFilter(name: string, query: AttributeQuery): AttributeFilter {
  if (typeof query !== 'object' || query === null || query instanceof Date)
    return { name, type: checked(name, query), is: attributeKey(query) };
  if ('prefix' in query) {
    if (typeof query.prefix !== 'string') throw invalid(name, 'a prefix is a text');
    return { name, type: 'string', prefix: query.prefix };
  }
  const { from, to } = query;
  const value = from ?? to;
  if (value === undefined) throw invalid(name, 'a range has a beginning or an end');
  const type = checked(name, value);
  if (to !== undefined && checked(name, to) !== type) throw invalid(name, 'both ends of a range are of one type');
  const key = (end: AttributeValue | undefined) => (end === undefined ? undefined : attributeKey(end));
  return { name, type, from: key(from), to: key(to) };
}

function checked(name: string, value: AttributeValue): AttributeType {
  const fits = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value instanceof Date ? value.getTime() : value);
  if (!fits) throw invalid(name, 'a value is a text, a number, a boolean or a date');
  return attributeType(value);
}

function invalid(name: string, problem: string): SkaldError {
  return new SkaldError('invalid-query', { field: `attributes.${name}`, problem });
}
