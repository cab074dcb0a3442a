import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Expected } from './commit-check.js';
import type { Endpoint } from './faults.js';

/** Errors of whole calls: code, message and trailers as EventStoreDB 20.10 to 24 and KurrentDB send them. */
export type RpcError = Pick<ServiceError, 'code' | 'details' | 'metadata'>;

function rpcError(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): RpcError {
  const metadata = new Metadata();
  // Trailers take printable ASCII only.
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value.replaceAll(/[^ -~]/g, '?'));
  return { code, details, metadata };
}

export function notReady(): RpcError {
  return rpcError(status.UNAVAILABLE, 'Server Is Not Ready');
}

export function tooBusy(): RpcError {
  return rpcError(status.UNAVAILABLE, 'Server Is Too Busy');
}

export function cancelled(): RpcError {
  return rpcError(status.CANCELLED, 'Operation cancelled by the server');
}

export function timedOut(message: string): RpcError {
  return rpcError(status.ABORTED, `Operation timed out: ${message}`);
}

export function consumerTooSlow(): RpcError {
  return timedOut('Consumer too slow to handle event while live. Client resubscription required.');
}

export function notLeader({ host, port }: Endpoint): RpcError {
  return rpcError(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });
}

export function streamDeleted(stream: string): RpcError {
  return rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
}

/** Of a delete or a tombstone; appends have ways of their own to say it. */
export function wrongExpectedVersion(stream: string, expected: Expected, actual: number): RpcError {
  const version = String(expected === 'any' ? -2 : expected === 'stream-exists' ? -4 : expected);
  return rpcError(
    status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${version}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': version,
      'actual-version': String(actual),
    },
  );
}

export function maxAppendSizeExceeded(limit: number): RpcError {
  return rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${limit} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(limit),
  });
}

export function requiredMetadataMissing(missing: string): RpcError {
  return rpcError(status.INVALID_ARGUMENT, `Required Metadata Property '${missing}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });
}

export function invalidArgument(what: string): RpcError {
  return rpcError(status.INVALID_ARGUMENT, what);
}
