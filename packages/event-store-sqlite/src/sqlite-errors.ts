import { SkaldError } from '@skald/kernel';

/** Primary result codes of SQLite; the upper bytes of an extended code say more and are not needed here. */
const ERROR = 1;
const PERM = 3;
const BUSY = 5;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

interface SqliteError {
  readonly message: string;
  readonly errcode: number;
}

function isSqliteError(error: unknown): error is SqliteError {
  // Not by instanceof: what Node throws belongs to another realm where this runs in a vm context, as under Jest.
  return typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number' && 'message' in error;
}

/** A column holds an integer that no number of JavaScript holds. */
function isOutOfRange(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}

export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && (error.errcode & 0xff) === BUSY;
}

/** What SQLite threw while a store was opened or used, as an entry of the catalogue; the cause is kept. Anything else is a bug and passes as it is. */
export function translate(error: unknown, file: string, phase: 'open' | 'use'): unknown {
  if (isOutOfRange(error)) {
    return new SkaldError('store-corrupt', { file, problem: 'a number in it is larger than any that Skald writes' }, { cause: error });
  }
  if (!isSqliteError(error)) return error;
  const problem = error.message;
  switch (error.errcode & 0xff) {
    case FULL:
      return new SkaldError('store-full', { problem }, { cause: error });
    case CORRUPT:
    case NOTADB:
      return new SkaldError('store-corrupt', { file, problem }, { cause: error });
    case ERROR:
      // A table that is missing.
      if (phase === 'open') return new SkaldError('store-corrupt', { file, problem }, { cause: error });
      break;
    case PERM:
    case READONLY:
    case CANTOPEN:
    case BUSY:
      if (phase === 'open') return new SkaldError('store-unavailable', { file, problem }, { cause: error });
      break;
  }
  return new SkaldError('store-failed', { problem }, { cause: error });
}
