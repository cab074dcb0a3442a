import shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as StatusPb from '@eventstore/db-client/generated/status_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status as Code } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expected } from './commit-check.js';
import { DELETED, DELETED_TEXT, type LogRecord } from './log-record.js';

/** Answers of the Streams service, in protobuf. */

/** The position of an event whose server does not tell it: long -1, unsigned. */
const UNKNOWN_POSITION = '18446744073709551615';
const TICKS_PER_MILLISECOND = 10_000n;

export function streamIdentifier(stream: string): InstanceType<typeof shared.StreamIdentifier> {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
}

function recordedEvent(record: LogRecord, position: string): Pb.ReadResp.ReadEvent.RecordedEvent {
  const event = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(streamIdentifier(record.stream))
    .setStreamRevision(record.revision === DELETED ? DELETED_TEXT : String(record.revision))
    .setPreparePosition(position)
    .setCommitPosition(position)
    .setCustomMetadata(record.metadata)
    .setData(record.data);
  const metadata = event.getMetadataMap();
  metadata.set('type', record.type);
  metadata.set('created', String(BigInt(record.created) * TICKS_PER_MILLISECOND));
  metadata.set('content-type', record.isJson ? 'application/json' : 'application/octet-stream');
  return event;
}

/** `link`: by which `event` was found; an event that is gone leaves the link alone. */
export function readEvent(event: LogRecord | undefined, link: LogRecord | undefined, tellsPosition: boolean): Pb.ReadResp {
  const read = new streams.ReadResp.ReadEvent();
  const position = (record: LogRecord): string => (tellsPosition ? String(record.position) : UNKNOWN_POSITION);
  if (event) read.setEvent(recordedEvent(event, position(event)));
  if (link) read.setLink(recordedEvent(link, position(link)));
  const original = link ?? event;
  if (original && tellsPosition) read.setCommitPosition(String(original.position));
  else read.setNoPosition(new shared.Empty());
  return new streams.ReadResp().setEvent(read);
}

export function streamNotFound(stream: string): Pb.ReadResp {
  return new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream)));
}

export function confirmation(id: string): Pb.ReadResp {
  return new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));
}

export function checkpoint(position: number): Pb.ReadResp {
  const text = String(position);
  return new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint().setCommitPosition(text).setPreparePosition(text));
}

export function caughtUp(): Pb.ReadResp {
  return new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
}

export function lastStreamPosition(revision: number): Pb.ReadResp {
  return new streams.ReadResp().setLastStreamPosition(String(revision));
}

export function appendSucceeded(revision: number, position: number): Pb.AppendResp {
  const success = new streams.AppendResp.Success();
  if (revision < 0) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(revision));
  if (position < 0) success.setNoPosition(new shared.Empty());
  else {
    const text = String(position);
    success.setPosition(new streams.AppendResp.Position().setCommitPosition(text).setPreparePosition(text));
  }
  return new streams.AppendResp().setSuccess(success);
}

/** The fields of 20.6 are still filled, except where the number does not fit JavaScript. */
export function appendConflicts(expected: Expected, current: number): Pb.AppendResp {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  const empty = new shared.Empty();
  if (expected === 'any') wrong.setExpectedAny(empty).setAny2060(empty);
  else if (expected === 'stream-exists') wrong.setExpectedStreamExists(empty).setStreamExists2060(empty);
  else if (expected < 0) wrong.setExpectedNoStream(empty);
  else wrong.setExpectedRevision(String(expected)).setExpectedRevision2060(expected);
  if (current < 0) wrong.setCurrentNoStream(empty).setNoStream2060(empty);
  else wrong.setCurrentRevision(String(current)).setCurrentRevision2060(current);
  return new streams.AppendResp().setWrongExpectedVersion(wrong);
}

export function batchSucceeded(revision: number, position: number): Pb.BatchAppendResp {
  const success = new streams.BatchAppendResp.Success();
  if (revision < 0) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(String(revision));
  if (position < 0) success.setNoPosition(new emptyPb.Empty());
  else {
    const text = String(position);
    success.setPosition(new shared.AllStreamPosition().setCommitPosition(text).setPreparePosition(text));
  }
  return new streams.BatchAppendResp().setSuccess(success);
}

function batchFailed(code: number, message: string, details: Uint8Array, type: string): Pb.BatchAppendResp {
  const any = new anyPb.Any();
  any.pack(details, type);
  const error: StatusPb.Status = new status.Status().setCode(code).setMessage(message).setDetails(any);
  return new streams.BatchAppendResp().setError(error);
}

export function batchConflicts(expected: Expected, current: number): Pb.BatchAppendResp {
  const details = new shared.WrongExpectedVersion();
  const empty = new emptyPb.Empty();
  if (expected === 'any') details.setExpectedAny(empty);
  else if (expected === 'stream-exists') details.setExpectedStreamExists(empty);
  else if (expected < 0) details.setExpectedNoStream(empty);
  else details.setExpectedStreamPosition(String(expected));
  if (current < 0) details.setCurrentNoStream(empty);
  else details.setCurrentStreamRevision(String(current));
  const message = 'WrongExpectedVersion';
  return batchFailed(Code.ALREADY_EXISTS, message, details.serializeBinary(), 'event_store.client.WrongExpectedVersion');
}

export function batchStreamDeleted(stream: string): Pb.BatchAppendResp {
  const details = new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(stream));
  return batchFailed(Code.NOT_FOUND, 'StreamDeleted', details.serializeBinary(), 'event_store.client.StreamDeleted');
}

export function batchTooLarge(limit: number): Pb.BatchAppendResp {
  const details = new shared.MaximumAppendSizeExceeded().setMaxappendsize(limit);
  const message = 'MaximumAppendSizeExceeded';
  return batchFailed(Code.INVALID_ARGUMENT, message, details.serializeBinary(), 'event_store.client.MaximumAppendSizeExceeded');
}

export function batchTimedOut(): Pb.BatchAppendResp {
  return batchFailed(Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout().serializeBinary(), 'event_store.client.Timeout');
}

export function batchBadRequest(message: string): Pb.BatchAppendResp {
  const details = new shared.BadRequest().setMessage(message);
  return batchFailed(Code.INVALID_ARGUMENT, 'BadRequest', details.serializeBinary(), 'event_store.client.BadRequest');
}

/** Sent without a code that says so. */
export function batchTooBusy(): Pb.BatchAppendResp {
  return batchFailed(Code.OK, 'Server Is Busy', new Uint8Array(), 'event_store.client.Empty');
}
