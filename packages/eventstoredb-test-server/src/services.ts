import { GossipService as GossipDefinition } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type * as FeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type * as Pb from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Metadata, Server, ServerDuplexStream, ServerReadableStream, ServerWritableStream } from '@grpc/grpc-js';
import { type AppendContext, append, BatchAppend, type Write, type WriteFate } from './append-service.js';
import { CallWriter } from './call-writer.js';
import type { Fault, Faults, Reaction } from './faults.js';
import type { GossipService } from './gossip-service.js';
import type { LogWriter, WriteResult } from './log-writer.js';
import { type ReadContext, read } from './read-service.js';
import { expectedOf, streamOf } from './requests.js';
import {
  cancelled,
  consumerTooSlow,
  notLeader,
  notReady,
  type RpcError,
  streamDeleted,
  timedOut,
  tooBusy,
  wrongExpectedVersion,
} from './rpc-errors.js';
import { subscribe } from './subscription-service.js';

export interface Services {
  readonly writer: LogWriter;
  readonly faults: Faults;
  readonly gossip: GossipService;
  readonly maxAppendSize: number;
  readonly version: string;
  /** Ends the subscriptions that are running. */
  readonly subscriptions: Set<(reaction: Reaction) => void>;
  isRunning(): boolean;
  /** Cuts connections, or dies. */
  act(reaction: Reaction): void;
}

type Callback<T> = (error: RpcError | null, response?: T) => void;

export function addServices(server: Server, services: Services): void {
  const handlers = new Handlers(services);
  server.addService(StreamsService, {
    read: (call: ServerWritableStream<Pb.ReadReq, Pb.ReadResp>) => handlers.read(call),
    append: (call: ServerReadableStream<Pb.AppendReq, Pb.AppendResp>, callback: Callback<Pb.AppendResp>) => handlers.append(call, callback),
    batchAppend: (call: ServerDuplexStream<Pb.BatchAppendReq, Pb.BatchAppendResp>) => handlers.batchAppend(call),
    delete: (call: { request: Pb.DeleteReq; metadata: Metadata }, callback: Callback<Pb.DeleteResp>) => handlers.delete(call, callback),
    tombstone: (call: { request: Pb.TombstoneReq; metadata: Metadata }, callback: Callback<Pb.TombstoneResp>) =>
      handlers.tombstone(call, callback),
  });
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (_: unknown, callback: Callback<FeaturesPb.SupportedMethods>) => {
      const fault = services.faults.take('features');
      if (fault) handlers.react(fault, (error) => callback(error));
      else callback(null, supportedMethods(services.version));
    },
  });
  server.addService(GossipDefinition, {
    read: (_: unknown, callback: Callback<ReturnType<GossipService['read']>>) => {
      const fault = services.faults.take('gossip');
      if (fault) handlers.react(fault, (error) => callback(error));
      else callback(null, services.gossip.read());
    },
  });
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

function supportedMethods(version: string): FeaturesPb.SupportedMethods {
  const service = 'event_store.client.streams.streams';
  const methods: [string, string[]][] = [
    ['read', ['position', 'events']],
    ...['append', 'delete', 'tombstone'].map((name): [string, string[]] => [name, []]),
    ...(isAtLeast(version, 21, 6) ? [['batchappend', ['deadline_duration']] as [string, string[]]] : []),
  ];
  return new features.SupportedMethods()
    .setEventStoreServerVersion(version)
    .setMethodsList(
      methods.map(([name, list]) => new features.SupportedMethod().setMethodName(name).setServiceName(service).setFeaturesList(list)),
    );
}

class Handlers {
  readonly #appends: AppendContext;
  readonly #reads: ReadContext;

  constructor(private readonly services: Services) {
    const { writer, maxAppendSize, version } = services;
    this.#appends = { writer, maxAppendSize, carryOut: (write) => this.#carryOut(write) };
    this.#reads = { log: writer.log, tellsPositionInStreams: isAtLeast(version, 22, 10) };
  }

  read(call: ServerWritableStream<Pb.ReadReq, Pb.ReadResp>): void {
    const writer = new CallWriter(call);
    const options = call.request.getOptions() ?? new streams.ReadReq.Options();
    const stream = options.hasStream() ? streamOf(options.getStream()?.getStreamIdentifier()) : '$all';
    const misplaced = this.#misplaced(call.metadata);
    if (misplaced) return writer.fail(misplaced);
    const failed = (error: unknown): void => writer.fail(error as RpcError);
    if (options.hasSubscription()) {
      this.#subscribe(options, stream, writer).catch(failed);
      return;
    }
    const fault = this.services.faults.take('read', stream);
    if (fault) this.react(fault, failed);
    else read(this.#reads, options, writer).catch(failed);
  }

  async #subscribe(options: Pb.ReadReq.Options, stream: string, writer: CallWriter<Pb.ReadReq, Pb.ReadResp>): Promise<void> {
    let fault = this.services.faults.take('subscription', stream);
    const interrupt = (reaction: Reaction): void => {
      fault = { on: 'subscription', reaction };
      writer.wake();
    };
    this.services.subscriptions.add(interrupt);
    try {
      await subscribe(this.#reads, options, writer, {
        sendsCaughtUp: isAtLeast(this.services.version, 23, 10),
        beforeEvent: (sent) => {
          if (!fault || sent < (fault.after ?? 0)) return undefined;
          return this.#errorOf(fault) ?? 'silence';
        },
      });
    } finally {
      this.services.subscriptions.delete(interrupt);
    }
  }

  append(call: ServerReadableStream<Pb.AppendReq, Pb.AppendResp>, callback: Callback<Pb.AppendResp>): void {
    const misplaced = this.#misplaced(call.metadata);
    if (misplaced) return callback(misplaced);
    append(this.#appends, call).then(
      (response) => response && callback(null, response),
      (error: unknown) => callback(error as RpcError),
    );
  }

  batchAppend(call: ServerDuplexStream<Pb.BatchAppendReq, Pb.BatchAppendResp>): void {
    const answers = new CallWriter(call);
    const batch = new BatchAppend(this.#appends, answers);
    call.on('data', (request: Pb.BatchAppendReq) => {
      const misplaced = this.#misplaced(call.metadata);
      if (misplaced) answers.fail(misplaced);
      else if (this.services.isRunning() && !answers.isOver) batch.take(request);
    });
    call.on('end', () => answers.end());
  }

  delete({ request, metadata }: { request: Pb.DeleteReq; metadata: Metadata }, callback: Callback<Pb.DeleteResp>): void {
    this.#remove(request.getOptions(), metadata, callback, (stream, expected) => {
      const result = this.services.writer.softDelete(stream, expected);
      return positioned(result, (text) =>
        new streams.DeleteResp().setPosition(new streams.DeleteResp.Position().setCommitPosition(text).setPreparePosition(text)),
      );
    });
  }

  tombstone({ request, metadata }: { request: Pb.TombstoneReq; metadata: Metadata }, callback: Callback<Pb.TombstoneResp>): void {
    this.#remove(request.getOptions(), metadata, callback, (stream, expected) => {
      const result = this.services.writer.tombstone(stream, expected);
      return positioned(result, (text) =>
        new streams.TombstoneResp().setPosition(new streams.TombstoneResp.Position().setCommitPosition(text).setPreparePosition(text)),
      );
    });
  }

  #remove<T>(
    options: Pb.DeleteReq.Options | Pb.TombstoneReq.Options | undefined,
    metadata: Metadata,
    callback: Callback<T>,
    remove: (stream: string, expected: ReturnType<typeof expectedOf>) => Exclude<WriteResult, { type: 'written' }> | { response: T },
  ): void {
    try {
      const misplaced = this.#misplaced(metadata);
      if (misplaced) throw misplaced;
      const given = options ?? new streams.DeleteReq.Options().setAny(new shared.Empty());
      const stream = streamOf(given.getStreamIdentifier());
      const expected = expectedOf(given);
      const result = remove(stream, expected);
      if ('response' in result) callback(null, result.response);
      else callback(result.type === 'deleted' ? streamDeleted(stream) : wrongExpectedVersion(stream, expected, result.current));
    } catch (error) {
      callback(error as RpcError);
    }
  }

  react(fault: Fault, fail: (error: RpcError) => void): void {
    const error = this.#errorOf(fault);
    if (error) fail(error);
  }

  #carryOut({ stream, expected, events }: Write): WriteFate {
    const { faults, writer, isRunning } = this.services;
    if (!isRunning()) return { type: 'silence' };
    const fault = faults.take('append', stream);
    if (!fault) return writer.write(stream, expected, events);
    if (fault.written) writer.write(stream, expected, events);
    if (fault.reaction === 'timeout') return { type: 'timed-out' };
    if (fault.reaction === 'too-busy') return { type: 'too-busy' };
    const error = this.#errorOf(fault);
    return error ? { type: 'error', error } : { type: 'silence' };
  }

  /** The error that a fault ends its call with, after what it does to everybody else. */
  #errorOf({ reaction, leader }: Fault): RpcError | undefined {
    switch (reaction) {
      case 'unavailable':
        return notReady();
      case 'cancelled':
        return cancelled();
      case 'timeout':
        return timedOut('Commit phase timeout.');
      case 'too-busy':
        return tooBusy();
      case 'too-slow':
        return consumerTooSlow();
      case 'not-leader':
        return notLeader(leader ?? this.services.gossip.self());
      default:
        this.services.act(reaction);
        return undefined;
    }
  }

  /** A follower answers what needs the leader with where that is. */
  #misplaced(metadata: Metadata): RpcError | undefined {
    const { leader } = this.services.gossip;
    return leader && metadata.get('requires-leader')[0] === 'true' ? notLeader(leader) : undefined;
  }
}

function positioned<T>(result: WriteResult, encode: (position: string) => T): Exclude<WriteResult, { type: 'written' }> | { response: T } {
  return result.type === 'written' ? { response: encode(String(result.position)) } : result;
}
