/**
 * Between an event of the port and one of EventStoreDB.
 *
 * E1. Data are the bytes of their text, marked as JSON: projections and the server's console read them, and they come back as they were.
 * E2. Metadata stand in an envelope of JSON, `{"skald":<hash>,"metadata":<the text as it is>}`; it is taken apart as text, never parsed, so that
 *     the chain's bytes are not touched. The envelope tells our events from others'.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { NewEvent, RecordedEvent } from '@skald/kernel';

const HEAD = '{"skald":';
const SEAM = ',"metadata":';

export interface EncodedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export function encode({ id, type, data, metadata, hash }: NewEvent): EncodedEvent {
  return { id, type, data: Buffer.from(data), metadata: Buffer.from(`${HEAD}${JSON.stringify(hash)}${SEAM}${metadata}}`) };
}

/** What the server counts against its limit. */
export function sizeOf({ type, data, metadata }: EncodedEvent): number {
  return data.length + metadata.length + 2 * type.length;
}

type Proposed = Pb.BatchAppendReq.ProposedMessage | Pb.AppendReq.ProposedMessage;

export function fill<T extends Proposed>(message: T, { id, type, data, metadata }: EncodedEvent): T {
  message.setId(new shared.UUID().setString(id));
  message.setData(data);
  message.setCustomMetadata(metadata);
  const map = message.getMetadataMap();
  map.set('type', type);
  map.set('content-type', 'application/json');
  return message;
}

/** An event as it was read. */
export interface StoredEvent {
  /** As the server calls it: with our prefix. */
  readonly stream: string;
  readonly revision: number;
  /** 0 where the server does not say, as those before 22.10 in reads by stream. */
  readonly position: number;
  readonly id: string;
  /** Of the port, or undefined where Skald did not write it. */
  readonly recorded: RecordedEvent | undefined;
}

export function decode(event: Pb.ReadResp.ReadEvent.RecordedEvent, prefix: string): StoredEvent {
  const stream = textOf(event.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array());
  const revision = Number(event.getStreamRevision());
  const position = positionOf(event.getCommitPosition());
  const id = event.getId()?.getString() ?? '';
  const envelope = open(textOf(event.getCustomMetadata_asU8()));
  if (!envelope || !stream.startsWith(prefix)) return { stream, revision, position, id, recorded: undefined };
  const type = event.getMetadataMap().get('type') ?? '';
  const data = textOf(event.getData_asU8());
  return {
    stream,
    revision,
    position,
    id,
    recorded: { id, type, data, ...envelope, stream: stream.slice(prefix.length), revision, position },
  };
}

function open(text: string): { readonly hash: string; readonly metadata: string } | undefined {
  if (!text.startsWith(HEAD)) return undefined;
  const seam = text.indexOf(SEAM);
  if (seam < 0) return undefined;
  try {
    return { hash: String(JSON.parse(text.slice(HEAD.length, seam))), metadata: text.slice(seam + SEAM.length, -1) };
  } catch {
    return undefined;
  }
}

/** Positions are bytes of the log: a number holds them up to 9 petabytes. The server says -1, unsigned, for one that it does not know. */
export function positionOf(text: string): number {
  const position = Number(text);
  return Number.isSafeInteger(position) ? position : 0;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
