/**
 * Reads with an end.
 *
 * R1. Forward from $all begins at a position, that one included; backward before it, that one excluded.
 * R2. By stream: both include the revision. What limits hide is skipped; a stream that is not there is a message, a tombstone an error.
 * R3. In pages: what is written meanwhile is seen.
 */
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import type { CallWriter } from './call-writer.js';
import { type EventFilter, filterOf, PAGE } from './event-filter.js';
import type { EventLog } from './event-log.js';
import { DELETED, type LogRecord, NO_STREAM } from './log-record.js';
import { streamOf } from './requests.js';
import { lastStreamPosition, readEvent, streamNotFound } from './responses.js';
import { invalidArgument, streamDeleted } from './rpc-errors.js';

const BACKWARDS = 1;
/** A client that asks for everything asks for this. */
const LARGEST = Number.MAX_SAFE_INTEGER;

export type ReadWriter = CallWriter<Pb.ReadReq, Pb.ReadResp>;

export interface ReadContext {
  readonly log: EventLog;
  readonly tellsPositionInStreams: boolean;
}

export async function read(context: ReadContext, options: Pb.ReadReq.Options, writer: ReadWriter): Promise<void> {
  const stream = options.getStream();
  if (stream) await readStream(context, options, stream, writer);
  else await readAll(context.log, options, writer);
  writer.end();
}

/** A link, resolved where that is wanted. */
export function resolved(log: EventLog, record: LogRecord, resolve: boolean, tellsPosition: boolean): Pb.ReadResp {
  if (!resolve || record.type !== '$>') return readEvent(record, undefined, tellsPosition);
  const [revision = '', stream = ''] = splitOnce(Buffer.from(record.data).toString(), '@');
  const gone = log.lastRevision(stream) === DELETED || log.isSoftDeleted(stream);
  return readEvent(gone ? undefined : log.at(stream, Number(revision)), record, tellsPosition);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function readStream(
  { log, tellsPositionInStreams }: ReadContext,
  options: Pb.ReadReq.Options,
  streamOptions: Pb.ReadReq.Options.StreamOptions,
  writer: ReadWriter,
): Promise<void> {
  const stream = streamOf(streamOptions.getStreamIdentifier());
  if (log.lastRevision(stream) === DELETED) throw streamDeleted(stream);
  const last = log.lastRevision(stream);
  if (last === NO_STREAM || log.isSoftDeleted(stream)) return writer.send(streamNotFound(stream));
  const forwards = options.getReadDirection() !== BACKWARDS;
  const limit = countOf(options);
  let next = streamOptions.hasRevision() ? Number(streamOptions.getRevision()) : streamOptions.hasEnd() ? last : 0;
  if (forwards && streamOptions.hasEnd()) next = last + 1;
  for (let sent = 0; sent < limit && !writer.isOver; sent++) {
    const { first, last: end } = log.bounds(stream, Date.now());
    if (forwards) next = Math.max(next, first);
    else next = Math.min(next, end);
    const record = next < first || next > end ? undefined : log.at(stream, next);
    if (!record) break;
    await writer.send(resolved(log, record, options.getResolveLinks(), tellsPositionInStreams));
    next += forwards ? 1 : -1;
  }
  if ((options.getControlOption()?.getCompatibility() ?? 0) >= 1) await writer.send(lastStreamPosition(last));
}

async function readAll(log: EventLog, options: Pb.ReadReq.Options, writer: ReadWriter): Promise<void> {
  const filter = filterOf(options);
  const limit = countOf(options);
  if (options.getReadDirection() === BACKWARDS) return readAllBackwards(log, options, filter, limit, writer);
  let index = startIndex(log, options);
  for (let sent = 0; sent < limit && !writer.isOver; index++) {
    const record = log.all[index];
    if (!record) return;
    if (index % PAGE === 0) await new Promise((resolve) => setImmediate(resolve));
    if (filter && !filter.passes(record)) continue;
    await writer.send(resolved(log, record, options.getResolveLinks(), true));
    sent++;
  }
}

async function readAllBackwards(
  log: EventLog,
  options: Pb.ReadReq.Options,
  filter: EventFilter | undefined,
  limit: number,
  writer: ReadWriter,
): Promise<void> {
  let index = startIndex(log, options) - 1;
  for (let sent = 0; sent < limit && !writer.isOver; index--) {
    const record = log.all[index];
    if (!record) return;
    if (index % PAGE === 0) await new Promise((resolve) => setImmediate(resolve));
    if (filter && !filter.passes(record)) continue;
    await writer.send(resolved(log, record, options.getResolveLinks(), true));
    sent++;
  }
}

/** Index of the first record at or after the position asked for. */
function startIndex(log: EventLog, options: Pb.ReadReq.Options): number {
  const all = options.getAll();
  if (!all) throw invalidArgument('neither a stream nor all');
  if (all.hasStart()) return 0;
  if (all.hasEnd()) return log.all.length;
  return log.indexOf(Number(all.getPosition()?.getCommitPosition() ?? 0));
}

function countOf(options: Pb.ReadReq.Options): number {
  const count = Number(options.getCount());
  if (count <= 0) throw invalidArgument('maxCount must be positive');
  return Math.min(count, LARGEST);
}
