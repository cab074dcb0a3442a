import { convertToCommandError, ErrorType } from '@eventstore/db-client';
import { SkaldError } from '@skald/kernel';

/**
 * What an error of the client or the server means for the call that it ended.
 * `unsent`: the request never left. `transient`: it may have been carried out; the same may be asked again.
 */
export type Meaning = 'unsent' | 'transient' | 'access-denied' | 'stream-deleted' | 'too-large' | 'invalid';

/** gRPC codes that the client leaves unnamed. */
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

/** What grpc-js says when it had no connection to send anything by. */
const NEVER_LEFT = /^(No connection established|Name resolution failed)/;

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** Never by message where a type or a code says it; raw errors of gRPC get their type first (some reach us without: the server was down). */
export function meaningOf(thrown: unknown): Meaning {
  const error = asError(thrown);
  const { code, details, type } = error as { code?: unknown; details?: unknown; type?: unknown };
  if (code === UNAVAILABLE && NEVER_LEFT.test(String(details))) return 'unsent';
  // The client's conversion takes nothing but what gRPC raised.
  const converted = typeof details === 'string' ? (convertToCommandError(error) as { type?: string }) : { type };
  switch (converted.type) {
    case ErrorType.ACCESS_DENIED:
      return 'access-denied';
    case ErrorType.STREAM_DELETED:
      return 'stream-deleted';
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
      return 'too-large';
  }
  if (code === PERMISSION_DENIED) return 'access-denied';
  if (code === INVALID_ARGUMENT || code === UNIMPLEMENTED) return 'invalid';
  return 'transient';
}

/** What grpc-js says when it had no connection, around the one thing that went wrong. */
const OF_CONNECTION = /Last error: (?:Error: )?(.*?)\s*\.?\s*Resolution note:/s;
/** What OpenSSL says to a server that answers in the clear. */
const NO_TLS = /wrong version number|packet length too long/;

/** For people: what happened below all wrappings, on one line. */
export function problemOf(thrown: unknown): string {
  const error = asError(thrown);
  const { details } = error as { details?: unknown };
  const told = typeof details === 'string' && details !== '' ? details : error.message;
  const problem = (OF_CONNECTION.exec(told)?.[1] ?? told).replace(/\s+/g, ' ').trim().replace(/\.$/, '');
  return NO_TLS.test(problem) ? 'it does not speak TLS; if that is meant, say tls=false in the connection string' : problem;
}

/** Where a call wanted to go, for the message. */
export interface Attempted {
  readonly server: string;
  /** Completes "does not permit to …". */
  readonly action: string;
  readonly stream?: string;
}

/** The one place where errors of the server become ours. */
export function translate(thrown: unknown, { server, action, stream = '' }: Attempted): SkaldError {
  if (thrown instanceof SkaldError) return thrown;
  const cause = asError(thrown);
  switch (meaningOf(thrown)) {
    case 'access-denied':
      return new SkaldError('store-access-denied', { server, action }, { cause });
    case 'stream-deleted':
      return new SkaldError('stream-deleted', { stream }, { cause });
    case 'invalid':
    case 'too-large':
      return new SkaldError('store-failed', { problem: problemOf(thrown) }, { cause });
    default:
      return new SkaldError('store-unreachable', { server, problem: problemOf(thrown) }, { cause });
  }
}
