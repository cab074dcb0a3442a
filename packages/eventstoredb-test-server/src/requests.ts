import type * as SharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected } from './commit-check.js';
import type { ProposedEvent } from './log-record.js';
import { invalidArgument, requiredMetadataMissing } from './rpc-errors.js';

/** What a request holds, out of protobuf's hands. Throws an `RpcError` where it makes no sense. */

export function streamOf(identifier: SharedPb.StreamIdentifier | undefined): string {
  if (!identifier) throw invalidArgument('Required field StreamIdentifier not set.');
  return Buffer.from(identifier.getStreamName_asU8()).toString();
}

interface ExpectedRevisionOptions {
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

export function expectedOf(options: ExpectedRevisionOptions): Expected {
  if (options.hasRevision()) return Number(options.getRevision());
  if (options.hasNoStream()) return -1;
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream-exists';
  throw invalidArgument('no expected revision');
}

export function batchExpectedOf(options: Pb.BatchAppendReq.Options): Expected {
  if (options.hasStreamPosition()) return Number(options.getStreamPosition());
  if (options.hasNoStream()) return -1;
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'stream-exists';
  throw invalidArgument('no expected stream position');
}

export function proposedOf(message: Pb.AppendReq.ProposedMessage | Pb.BatchAppendReq.ProposedMessage): ProposedEvent {
  const metadata = message.getMetadataMap();
  const type = metadata.get('type');
  const contentType = metadata.get('content-type');
  if (type === undefined) throw requiredMetadataMissing('type');
  if (contentType === undefined) throw requiredMetadataMissing('content-type');
  const id = uuidOf(message.getId());
  if (id === EMPTY_ID) throw invalidArgument('Empty eventId provided.');
  if (type === '') throw invalidArgument('Empty eventType provided.');
  return {
    ...{ id, type, isJson: contentType === 'application/json' },
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

const EMPTY_ID = '00000000-0000-0000-0000-000000000000';

function uuidOf(id: SharedPb.UUID | undefined): string {
  if (!id) throw invalidArgument('no event id');
  const structured = id.getStructured();
  if (!structured) {
    const text = id.getString().toLowerCase();
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) throw invalidArgument(`'${text}' is not a UUID`);
    return text;
  }
  const bytes = Buffer.alloc(16);
  bytes.writeBigInt64BE(BigInt(structured.getMostSignificantBits()), 0);
  bytes.writeBigInt64BE(BigInt(structured.getLeastSignificantBits()), 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * What an event counts against the server's limit. Later servers count so; 23.10 and before count the data alone, by an operator's precedence,
 * so that nothing that fits here is too large there.
 */
export function appendSize({ type, data, metadata }: ProposedEvent): number {
  return data.length + metadata.length + 2 * type.length;
}
