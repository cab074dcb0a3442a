import { SkaldError } from '@skald/kernel';

/** An error that the server sent, as `pg` gives it: SQLSTATE and severity. */
interface ServerError extends Error {
  readonly code: string;
  readonly severity: string;
}

function isServerError(error: unknown): error is ServerError {
  // Not by instanceof: there may be more than one copy of pg, and under Jest more than one Error.
  return typeof error === 'object' && error !== null && 'severity' in error && 'code' in error && typeof error.code === 'string';
}

/** The server refused the statement, and says so: the transaction cannot have been committed by it. Whatever else went wrong may have been too late. */
export function isRefusal(error: unknown): boolean {
  return isServerError(error) && error.severity === 'ERROR';
}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';
const NO_SUCH_SCHEMA = '3F000';
const NO_PRIVILEGE = '42501';

/** What went wrong with a statement of the fence itself, in the catalogue's words; the cause is kept. */
export function rolledBack(table: string, error: unknown): SkaldError {
  if (error instanceof SkaldError) return error;
  if (isServerError(error) && [UNDEFINED_TABLE, UNDEFINED_COLUMN, NO_SUCH_SCHEMA, NO_PRIVILEGE].includes(error.code)) {
    return new SkaldError('fence-not-ready', { table, problem: error.message }, { cause: error });
  }
  return new SkaldError('fence-rolled-back', { table, problem: problemOf(error) }, { cause: error });
}

export function unavailable(table: string, error: unknown): SkaldError {
  return new SkaldError('fence-unavailable', { table, problem: problemOf(error) }, { cause: error });
}

/** Several addresses that all refuse come as one error without a message. */
export function problemOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(problemOf).join('; ');
  const message = error instanceof Error || isServerError(error) ? error.message : String(error);
  return isServerError(error) ? `${message} (SQLSTATE ${error.code})` : message;
}
