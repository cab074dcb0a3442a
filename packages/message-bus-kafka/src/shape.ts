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

/** Reads one JSON value found at `at` (`outcome.error.name`); throws `Malformed`. */
export interface Field<T> {
  (value: unknown, at: string): T;
  readonly optional?: true;
}

/** One field for each member: a member that is added to a message of the kernel does not compile until it has a place on the wire. */
export type Fields<T> = { readonly [Member in keyof Required<T>]: Field<Required<T>[Member]> };

function wrong(at: string, expected: string, value: unknown): Malformed {
  if (value === undefined) return new Malformed('missing-member', `${at} is missing`);
  const shown = JSON.stringify(value) ?? String(value);
  return new Malformed('invalid-member', `${at} must be ${expected}, not ${shown.length > 80 ? `${shown.slice(0, 80)}…` : shown}`);
}

export function text(limit = 1_000): Field<string> {
  return (value, at) => {
    if (typeof value === 'string' && value.length > 0 && value.length <= limit) return value;
    throw wrong(at, `a string of 1 to ${limit} characters`, value);
  };
}

/** May be empty and of any length: written by people, or by libraries. */
export const prose: Field<string> = (value, at) => {
  if (typeof value === 'string') return value;
  throw wrong(at, 'a string', value);
};

export function whole(least: number): Field<number> {
  return (value, at) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    throw wrong(at, `a whole number from ${least}`, value);
  };
}

export function oneOf<const T extends string | boolean>(...choices: readonly T[]): Field<T> {
  return (value, at) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(at, choices.map((choice) => JSON.stringify(choice)).join(' or '), value);
  };
}

export function matching<T extends string>(pattern: RegExp, expected: string): Field<T> {
  return (value, at) => {
    if (typeof value === 'string' && pattern.test(value)) return value as T;
    throw wrong(at, expected, value);
  };
}

/** The user's own data. `null` is a value; a missing member is `undefined`. */
export const json: Field<unknown> = Object.assign((value: unknown) => value, { optional: true } as const);

export const list: Field<readonly unknown[]> = (value, at) => {
  if (Array.isArray(value)) return value;
  throw wrong(at, 'a list', value);
};

export const texts: Field<Readonly<Record<string, string>>> = (value, at) => {
  const members = object(value, at);
  for (const [name, member] of Object.entries(members)) prose(member, `${at}.${name}`);
  return members as Readonly<Record<string, string>>;
};

export function optional<T>(field: Field<T>): Field<T> {
  return Object.assign((value: unknown, at: string) => field(value, at), { optional: true } as const);
}

export function object(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw wrong(at, 'an object', value);
}

/** Reads the members named and no others: what a newer sender adds is ignored. */
export function shape<T>(fields: Fields<T>): Field<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  return (value, at) => {
    const members = object(value, at);
    const read: Record<string, unknown> = {};
    for (const [name, field] of entries) {
      const member = members[name];
      if (member === undefined && field.optional === true) continue;
      read[name] = field(member, at === '' ? name : `${at}.${name}`);
    }
    return read as T;
  };
}

/** Told apart by the member `by`. */
export function variants<T extends Readonly<Record<By, string>>, By extends string>(
  by: By,
  shapes: { readonly [Name in T[By]]: Field<Extract<T, Readonly<Record<By, Name>>>> },
): Field<T> {
  const names = Object.keys(shapes);
  const known = oneOf(...names);
  return (value, at) => {
    const name = known(object(value, at)[by], at === '' ? by : `${at}.${by}`) as T[By];
    return shapes[name](value, at);
  };
}
