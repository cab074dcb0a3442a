import { CATALOGUE } from './error-catalogue.js';

export type ErrorCode = keyof typeof CATALOGUE;

/** One entry of the catalogue: what happened, what to do, and whether the same call may succeed later. */
export interface ErrorEntry {
  readonly what: string;
  readonly fix: string;
  readonly retryable: boolean;
}

/** Every error that Skald itself raises. `code` is the literal to switch on; `docs/reference/errors.md` lists them all. */
export class SkaldError extends Error {
  override readonly name = 'SkaldError';
  readonly retryable: boolean;
  readonly fix: string;

  constructor(
    readonly code: ErrorCode,
    readonly details: Readonly<Record<string, string | number | boolean | undefined>> = {},
    options?: { cause?: unknown },
  ) {
    const entry: ErrorEntry = CATALOGUE[code];
    super(`[${code}] ${fill(entry.what, details)} ${fill(entry.fix, details)}`, options);
    this.retryable = entry.retryable;
    this.fix = fill(entry.fix, details);
  }
}

function fill(template: string, details: Readonly<Record<string, unknown>>): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}

/**
 * A declared business error: "out of stock", "card declined". Thrown by a participant's action it is final for
 * the step (its transaction is rolled back, nothing happened) and it is not retried unless a retry policy names it.
 * The error's `name` is what policies and histories know it by: give each subclass its own.
 */
export class BusinessError extends Error {
  override name = 'BusinessError';
  readonly business = true;
  constructor(
    message: string,
    readonly data?: unknown,
  ) {
    super(message);
  }
}

/** Thrown by a saga's own method (a guard, a step method, `result`) to end the saga before its pivot; what was done is compensated. */
export class SagaAborted extends BusinessError {
  override name = 'SagaAborted';
}

/** An error as it is recorded in events and carried in replies. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly data?: unknown;
}

/** What is recorded of a thrown value: name, message and declared data; never a stack. */
export function recordError(thrown: unknown): ErrorRecord {
  if (thrown instanceof SkaldError) return { name: thrown.code, message: thrown.message };
  if (thrown instanceof Error) {
    const data = 'data' in thrown ? thrown.data : undefined;
    return { name: thrown.name, message: thrown.message, ...(data === undefined ? {} : { data }) };
  }
  return { name: 'Error', message: String(thrown) };
}
