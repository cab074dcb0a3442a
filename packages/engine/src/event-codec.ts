/**
 * Between the kernel's events and what the store keeps.
 *
 * Invariants
 * C1  An event's hash covers the hash before it, its type, and data and metadata as written: verification needs no code and no key.
 * C2  The first event's "hash before" is the stream's name, so that a stream cannot be passed off as another.
 * C3  An event says in its metadata which hash it follows, so that an audit can tell an event that was changed from one whose predecessor was.
 * C4  An event's id is made from its hash: equal id means equal content on equal history, so that a repeated append is recognised as one.
 */
import { hash } from 'node:crypto';
import { type NewEvent, REPLAY_NUMBER, type RecordedEvent, type SagaEvent, SkaldError } from '@skald/kernel';
import { frozen } from './frozen.js';

/** Version of the shape of event data; old shapes stay readable for ever. */
const DATA_FORMAT = 1;
const REPLAY = REPLAY_NUMBER > 0 ? `,"replay":${REPLAY_NUMBER}` : '';

export interface Metadata {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Kind of the message that was decided on. */
  readonly cause: string;
  readonly format: number;
  /** Number of the latest replay change of the kernel that decided; absent before the first. */
  readonly replay?: number;
  /** Hash of the event before; absent on the first of a stream, and on events that older versions wrote. */
  readonly previous?: string;
}

/** An event of any stream before it is written. */
export type Recordable = Pick<SagaEvent, 'at'> & { readonly type: string; readonly data: unknown };

/** Events ready to be written after the event whose hash is `before` (the stream's name where there is none). */
export function encodeEvents(events: readonly Recordable[], cause: string, before: string): NewEvent[] {
  let previous = before;
  return events.map((event) => {
    const data = JSON.stringify(event.data);
    const follows = previous === before && !isHash(before) ? '' : `,"previous":"${previous}"`;
    const metadata = `{"at":${event.at},"cause":"${cause}","format":${DATA_FORMAT}${REPLAY}${follows}}`;
    previous = chainHash(previous, event.type, data, metadata);
    return { id: uuidOf(previous), type: event.type, data, metadata, hash: previous };
  });
}

/** A stream's name is none: it has a hyphen. */
function isHash(text: string): boolean {
  return text.length === 64 && !text.includes('-');
}

/** SHA-256, hex, over the hash before, type, data and metadata, a line each. */
export function chainHash(before: string, type: string, data: string, metadata: string): string {
  return hash('sha256', `${before}\n${type}\n${data}\n${metadata}`, 'hex');
}

/** UUID version 8 (RFC 9562: meaning defined by the application) of a hash. */
export function uuidOf(sha256: string): string {
  const variant = ((Number.parseInt(sha256.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${sha256.slice(0, 8)}-${sha256.slice(8, 12)}-8${sha256.slice(13, 16)}-${variant}${sha256.slice(17, 20)}-${sha256.slice(20, 32)}`;
}

/** SHA-256 of a text, hex. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** Throws `history-unreadable`, which names the stream and the revision. */
export function decodeEvent(recorded: RecordedEvent): SagaEvent {
  try {
    const { at, format } = JSON.parse(recorded.metadata) as Metadata;
    if (format > DATA_FORMAT) throw new Error(`its data has format ${format}, this Skald knows ${DATA_FORMAT}`);
    return { type: recorded.type, at, data: frozen(JSON.parse(recorded.data)) } as SagaEvent;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new SkaldError('history-unreadable', { stream: recorded.stream, revision: recorded.revision, problem }, { cause });
  }
}
