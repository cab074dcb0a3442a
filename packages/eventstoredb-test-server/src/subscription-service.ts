/**
 * Reads without an end.
 *
 * S1. First the confirmation, then every event after the position or revision asked for, in order, then caught-up once, then what is written.
 * S2. Filtered, a checkpoint after every so many events that were considered: catching up at the end of a page, with the last event of it that
 *     was sent (or where the page began); live after the very event.
 * S3. A consumer that does not read is waited for, as servers do since 24.2; those before give up with an error, which is a fault to inject here.
 */
import { randomUUID } from 'node:crypto';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import { type EventFilter, filterOf, PAGE } from './event-filter.js';
import type { EventLog } from './event-log.js';
import { DELETED, type LogRecord } from './log-record.js';
import { type ReadContext, type ReadWriter, resolved } from './read-service.js';
import { streamOf } from './requests.js';
import { caughtUp, checkpoint, confirmation } from './responses.js';
import { invalidArgument, type RpcError, streamDeleted } from './rpc-errors.js';

export interface SubscriptionHooks {
  /** Asked before every event; an error ends the subscription. */
  beforeEvent(sent: number): RpcError | 'silence' | undefined;
  readonly sendsCaughtUp: boolean;
}

export async function subscribe(
  context: ReadContext,
  options: Pb.ReadReq.Options,
  writer: ReadWriter,
  hooks: SubscriptionHooks,
): Promise<void> {
  const stream = options.getStream();
  const source = stream ? streamSource(context, options, stream) : allSource(context.log, options);
  const stopListening = context.log.onAdded(() => writer.wake());
  try {
    await new SubscriptionRun(source, writer, hooks).run();
  } finally {
    stopListening();
  }
}

interface Source {
  /** The next record in order that the subscriber has not seen, whether it passes the filter or not. Throws where there can be none. */
  next(): LogRecord | undefined;
  encode(record: LogRecord): Pb.ReadResp;
  readonly filter: EventFilter | undefined;
}

function allSource(log: EventLog, options: Pb.ReadReq.Options): Source {
  const all = options.getAll();
  if (!all) throw invalidArgument('neither a stream nor all');
  const position = Number(all.getPosition()?.getCommitPosition() ?? 0);
  let index = all.hasEnd() ? log.all.length : all.hasStart() ? 0 : log.indexOf(position + 1);
  return {
    filter: filterOf(options),
    next: () => (index < log.all.length ? log.all[index++] : undefined),
    encode: (record) => resolved(log, record, options.getResolveLinks(), true),
  };
}

function streamSource(
  { log, tellsPositionInStreams }: ReadContext,
  options: Pb.ReadReq.Options,
  streamOptions: Pb.ReadReq.Options.StreamOptions,
): Source {
  const stream = streamOf(streamOptions.getStreamIdentifier());
  let revision = streamOptions.hasRevision() ? Number(streamOptions.getRevision()) + 1 : 0;
  if (streamOptions.hasEnd()) revision = log.lastRevision(stream) + 1;
  return {
    filter: undefined,
    next: () => {
      if (log.lastRevision(stream) === DELETED) throw streamDeleted(stream);
      if (log.isSoftDeleted(stream)) return undefined;
      const { first, last } = log.bounds(stream, Date.now());
      revision = Math.max(revision, first);
      return revision <= last ? log.at(stream, revision++) : undefined;
    },
    encode: (record) => resolved(log, record, options.getResolveLinks(), tellsPositionInStreams),
  };
}

class SubscriptionRun {
  #sent = 0;
  #considered = 0;
  #live = false;
  /** Of the page that is under way, catching up. */
  #page = { considered: 0, passed: 0, last: undefined as number | undefined };

  constructor(
    private readonly source: Source,
    private readonly writer: ReadWriter,
    private readonly hooks: SubscriptionHooks,
  ) {}

  async run(): Promise<void> {
    await this.writer.send(confirmation(randomUUID()));
    if (await this.#interrupted()) return;
    while (!this.writer.isOver) {
      const record = this.source.next();
      if (record) await this.#take(record);
      else await this.#wait();
    }
  }

  async #take(record: LogRecord): Promise<void> {
    const passes = this.source.filter?.passes(record) ?? true;
    if (passes) {
      if (await this.#interrupted()) return;
      await this.writer.send(this.source.encode(record));
      this.#sent++;
    }
    await this.#count(record, passes);
    // A page of events that do not pass must not hold up everybody else.
    if (!passes && this.#considered % PAGE === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** S2 */
  async #count(record: LogRecord, passed: boolean): Promise<void> {
    const { filter } = this.source;
    if (!filter) return;
    this.#considered++;
    if (this.#live) {
      if (this.#considered >= filter.checkpointInterval) {
        this.#considered = 0;
        await this.writer.send(checkpoint(record.position));
      }
      return;
    }
    const page = this.#page;
    page.considered++;
    if (passed) page.passed++;
    if (passed || page.last === undefined) page.last = record.position;
    if (page.considered < filter.window && page.passed < PAGE) return;
    if (this.#considered >= filter.checkpointInterval) {
      this.#considered %= filter.checkpointInterval;
      await this.writer.send(checkpoint(page.last));
    }
    this.#page = { considered: 0, passed: 0, last: undefined };
  }

  async #wait(): Promise<void> {
    if (!this.#live) {
      this.#live = true;
      if (this.hooks.sendsCaughtUp) {
        await this.writer.send(caughtUp());
        return;
      }
    }
    if (await this.#interrupted()) return;
    await this.writer.pause();
  }

  /** True where a fault has struck: the subscription is over, or will never say anything again. */
  async #interrupted(): Promise<boolean> {
    const fault = this.hooks.beforeEvent(this.#sent);
    if (fault === undefined) return false;
    if (fault === 'silence') while (!this.writer.isOver) await this.writer.pause();
    else this.writer.fail(fault);
    return true;
  }
}
