/**
 * Reads, made on the client's channel.
 *
 * R1. A read ends: with what was asked for, or with an error when nothing comes in time.
 * R2. It is asked of the leader, so that what was acknowledged is seen; subscriptions may be served by any node.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientReadableStream } from '@grpc/grpc-js';
import type { ClientConnection } from './client-connection.js';
import { decode, type StoredEvent } from './event-envelope.js';

export type ReadCall = ClientReadableStream<Pb.ReadResp>;

/** Which events the server sends of all streams; it looks at their streams' names. */
export type StreamFilter = { readonly prefixes: readonly string[] } | { readonly regex: string };

/** Events that the server looks at before it says how far it is, when none passes. */
const WINDOW = 500;
const CHECKPOINT_EVERY = 2;

export interface ReadOptions {
  readonly limit: number;
  readonly timeout: number;
}

export class ReadCalls {
  constructor(
    private readonly connection: ClientConnection,
    readonly prefix: string,
    private readonly filter: StreamFilter,
  ) {}

  /** `stream` with its prefix. Empty where it is not there. */
  stream(stream: string, from: number, options: ReadOptions): Promise<StoredEvent[]> {
    const streamOptions = new streams.ReadReq.Options.StreamOptions()
      .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
      .setRevision(String(from));
    return this.#collect(request().setStream(streamOptions).setNoFilter(new shared.Empty()), options);
  }

  /** Of those that pass the filter: from a position, that one included where it is one; 0: from the beginning. */
  forwards(position: number, options: ReadOptions): Promise<StoredEvent[]> {
    return this.#collect(request().setAll(allFrom(position)).setFilter(this.#filterOptions()), options);
  }

  /** The last first, before a position, that one excluded; without one from the end. */
  backwards(position: number | undefined, options: ReadOptions): Promise<StoredEvent[]> {
    const all = position === undefined ? new streams.ReadReq.Options.AllOptions().setEnd(new shared.Empty()) : allFrom(position);
    return this.#collect(request().setReadDirection(BACKWARDS).setAll(all).setFilter(this.#filterOptions()), options);
  }

  subscribe(position: number): Promise<ReadCall> {
    const options = request()
      .setAll(allFrom(position))
      .setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
      .setFilter(this.#filterOptions());
    return this.#open(options, false);
  }

  #open(options: Pb.ReadReq.Options, leader: boolean): Promise<ReadCall> {
    const message = new streams.ReadReq().setOptions(options);
    return this.connection.open((client, metadata, callOptions): ReadCall => client.read(message, metadata, callOptions), { leader });
  }

  async #collect(options: Pb.ReadReq.Options, { limit, timeout }: ReadOptions): Promise<StoredEvent[]> {
    const call = await this.#open(options.setCount(String(limit)), true);
    const events: StoredEvent[] = [];
    let silent = false;
    const giveUp = (): void => {
      silent = true;
      call.cancel();
    };
    const timer = setTimeout(giveUp, timeout);
    try {
      for await (const response of call as AsyncIterable<Pb.ReadResp>) {
        timer.refresh();
        const event = response.getEvent()?.getEvent();
        if (event) events.push(decode(event, this.prefix));
      }
      return events;
    } catch (error) {
      if (!silent) throw error;
      this.connection.reconnect();
      throw new Error(`nothing was read within ${timeout} ms`, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  #filterOptions(): Pb.ReadReq.Options.FilterOptions {
    const expression = new streams.ReadReq.Options.FilterOptions.Expression();
    if ('regex' in this.filter) expression.setRegex(this.filter.regex);
    else expression.setPrefixList([...this.filter.prefixes]);
    return new streams.ReadReq.Options.FilterOptions()
      .setStreamIdentifier(expression)
      .setMax(WINDOW)
      .setCheckpointintervalmultiplier(CHECKPOINT_EVERY);
  }
}

const BACKWARDS = 1;

function request(): Pb.ReadReq.Options {
  const uuids = new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty());
  return new streams.ReadReq.Options().setUuidOption(uuids);
}

function allFrom(position: number): Pb.ReadReq.Options.AllOptions {
  const all = new streams.ReadReq.Options.AllOptions();
  if (position === 0) return all.setStart(new shared.Empty());
  // Events that Skald writes commit themselves: their commit and prepare positions are one.
  const text = String(position);
  return all.setPosition(new streams.ReadReq.Options.Position().setCommitPosition(text).setPreparePosition(text));
}
