/** What is wrong with a message; none of these is mended by trying again. */
export type MalformedReason =
  | 'no-value'
  | 'too-large'
  | 'not-a-cloud-event'
  | 'unknown-content-type'
  | 'unknown-type'
  | 'not-json'
  | 'missing-member'
  | 'invalid-member'
  | 'no-key'
  | 'key-differs'
  | 'subject-differs'
  | 'wrong-topic';

export class Malformed extends Error {
  constructor(
    readonly reason: MalformedReason,
    problem: string,
  ) {
    super(problem);
  }
}

/** JSON Schema, draft-07. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Reads one JSON value found at `at` (`outcome.error.name`); throws `Malformed`. */
export interface Field<T> {
  (value: unknown, at: string): T;
  readonly optional?: true;
  /** What it reads, for everybody else: it takes no more and no less. */
  readonly schema: JsonSchema;
}

export function field<T>(schema: JsonSchema, read: (value: unknown, at: string) => T): Field<T> {
  return Object.assign(read, { schema });
}

/** One field for each member: a member that is added to a message of the kernel does not compile until it has a place on the wire. */
export type Fields<T> = { readonly [Member in keyof Required<T>]: Field<Required<T>[Member]> };

function wrong(at: string, expected: string, value: unknown): Malformed {
  if (value === undefined) return new Malformed('missing-member', `${at} is missing`);
  const shown = JSON.stringify(value) ?? String(value);
  return new Malformed('invalid-member', `${at} must be ${expected}, not ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}`);
}

export function text(limit = 1_000): Field<string> {
  return field({ type: 'string', minLength: 1, maxLength: limit }, (value, at) => {
    if (typeof value === 'string' && value.length > 0 && value.length <= limit) return value;
    throw wrong(at, `a string of 1 to ${limit} characters`, value);
  });
}

/** May be empty and of any length: written by people, or by libraries. */
export const prose: Field<string> = field({ type: 'string' }, (value, at) => {
  if (typeof value === 'string') return value;
  throw wrong(at, 'a string', value);
});

export function whole(least: number): Field<number> {
  return field({ type: 'integer', minimum: least, maximum: Number.MAX_SAFE_INTEGER }, (value, at) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    throw wrong(at, `a whole number from ${least}`, value);
  });
}

export function oneOf<const T extends string | boolean>(...choices: readonly T[]): Field<T> {
  return field({ enum: choices }, (value, at) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(at, choices.map((choice) => JSON.stringify(choice)).join(' or '), value);
  });
}

export function matching<T extends string>(pattern: RegExp, expected: string): Field<T> {
  return field({ type: 'string', pattern: pattern.source }, (value, at) => {
    if (typeof value === 'string' && pattern.test(value)) return value as T;
    throw wrong(at, expected, value);
  });
}

/** The user's own data. `null` is a value; a missing member is `undefined`. */
export const json: Field<unknown> = Object.assign((value: unknown) => value, { optional: true, schema: {} } as const);

export const list: Field<readonly unknown[]> = field({ type: 'array' }, (value, at) => {
  if (Array.isArray(value)) return value;
  throw wrong(at, 'a list', value);
});

export const texts: Field<Readonly<Record<string, string>>> = field(
  { type: 'object', additionalProperties: { type: 'string' } },
  (value, at) => {
    const members = object(value, at);
    for (const [name, member] of Object.entries(members)) prose(member, `${at}.${name}`);
    return members as Readonly<Record<string, string>>;
  },
);

export function optional<T>(one: Field<T>): Field<T> {
  return Object.assign((value: unknown, at: string) => one(value, at), { schema: one.schema, optional: true } as const);
}

export function object(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(at, 'an object', value);
}

/** Reads the members named and no others: what a newer sender adds is ignored. */
export function shape<T>(fields: Fields<T>): Field<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const required = entries.filter(([, { optional }]) => optional !== true).map(([name]) => name);
  const properties = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  return field({ type: 'object', required, properties }, (value, at) => {
    const members = object(value, at);
    const read: Record<string, unknown> = {};
    for (const [name, one] of entries) {
      const member = members[name];
      if (member === undefined && one.optional === true) continue;
      read[name] = one(member, at === '' ? name : `${at}.${name}`);
    }
    return read as T;
  });
}

/** Told apart by the member `by`. */
export function variants<T extends Readonly<Record<By, string>>, By extends string>(
  by: By,
  shapes: { readonly [Name in T[By]]: Field<Extract<T, Readonly<Record<By, Name>>>> },
): Field<T> {
  const known = oneOf(...Object.keys(shapes));
  const schemas = Object.values<Field<unknown>>(shapes).map(({ schema }) => schema);
  return field({ oneOf: schemas }, (value, at) => {
    const name = known(object(value, at)[by], at === '' ? by : `${at}.${by}`) as T[By];
    return shapes[name](value, at);
  });
}
