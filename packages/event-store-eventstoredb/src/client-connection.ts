/**
 * The connection: everything that is used of the client, and nothing else of it is.
 *
 * The client knows how to find a server, its leader, its certificates and when to connect anew. Its appends and reads are not used: they share
 * one table of pending appends among all clients of a process, raise rejections that nobody can catch, wait without end, cannot filter reads
 * of all streams, and give JSON back parsed. So the calls are made here, on the client's channel and with its stubs.
 *
 * K1. A call is opened within a time, or not at all: one that opens later is cancelled.
 * K2. What the client does by itself when a call fails raises no unhandled rejection.
 * K3. After `close()` no call and no channel is left.
 */
import type { EventStoreDBClient } from '@eventstore/db-client';
import { ServerFeaturesClient } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type * as FeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { CallOptions, Channel, Client as GrpcClient, Metadata, ServiceError } from '@grpc/grpc-js';
import { within } from './waiting.js';

/** Protected members of the client 6.2.1, which is frozen; another version is refused by `insideOf`. */
interface Inside {
  GRPCStreamCreator<C extends GrpcClient, T>(
    service: new (...args: never[]) => C,
    name: string,
    create: (client: C) => T,
  ): () => Promise<T>;
  execute<C extends GrpcClient, T>(service: new (...args: never[]) => C, name: string, action: (client: C) => Promise<T>): Promise<T>;
  callArguments(options: { requiresLeader?: boolean }, callOptions: CallOptions): [Metadata, CallOptions];
  handleError(client: GrpcClient, error: Error): Promise<void>;
  getGRPCClient<C extends GrpcClient>(service: new (...args: never[]) => C, name: string): Promise<C>;
  getChannel(): Promise<Channel>;
  dispose(): Promise<void>;
}

const USED = ['GRPCStreamCreator', 'execute', 'callArguments', 'handleError', 'getGRPCClient', 'getChannel', 'dispose'] as const;

function insideOf(client: EventStoreDBClient): Inside {
  const inside = client as unknown as Inside;
  const missing = USED.filter((name) => typeof inside[name] !== 'function');
  if (missing.length > 0) throw new Error(`this @eventstore/db-client is not 6.2.1: it lacks ${missing.join(', ')}`);
  const { handleError } = inside;
  // K2: nobody awaits it, and where a cluster cannot be found it rejects.
  inside.handleError = (failed, error) => handleError(failed, error).catch(() => {});
  return inside;
}

const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

/** Something that can be given up. */
export interface Cancellable {
  cancel(): void;
}

/** What a server can do. */
export interface Features {
  readonly version: string;
  readonly batchAppend: boolean;
}

export class ClientConnection {
  readonly #inside: Inside;

  constructor(
    client: EventStoreDBClient,
    /** As it is called in messages: without the password. */
    readonly server: string,
    private readonly answerTimeout: number,
  ) {
    this.#inside = insideOf(client);
  }

  /** A call that streams, on the channel as it is now; a failure of it makes the client connect anew where that helps. */
  open<T extends Cancellable>(
    create: (client: StreamsClient, metadata: Metadata, options: CallOptions) => T,
    { leader = true }: { leader?: boolean } = {},
  ): Promise<T> {
    const [metadata, options] = this.#inside.callArguments({ requiresLeader: leader }, { deadline: Number.POSITIVE_INFINITY });
    const opening = this.#inside.GRPCStreamCreator(StreamsClient, 'skald', (client) => create(client, metadata, options))();
    return within(this.answerTimeout, opening, 'connecting', (call) => call.cancel());
  }

  async features(): Promise<Features> {
    const [metadata, options] = this.#inside.callArguments({}, { deadline: new Date(Date.now() + this.answerTimeout) });
    const asking = this.#inside.execute(
      ServerFeaturesClient,
      'skald',
      (client) =>
        new Promise<FeaturesPb.SupportedMethods | undefined>((resolve, reject) => {
          client.getSupportedMethods(new shared.Empty(), metadata, options, (error: ServiceError | null, methods) => {
            // Servers before 21.6 do not know the question.
            if (error && error.code !== UNIMPLEMENTED) reject(error);
            else resolve(methods);
          });
        }),
    );
    const methods = await within(2 * this.answerTimeout, asking, 'connecting');
    const names = methods?.getMethodsList().map((method) => `${method.getServiceName()}/${method.getMethodName()}`.toLowerCase()) ?? [];
    return {
      version: methods?.getEventStoreServerVersion() ?? 'unknown',
      batchAppend: names.includes('event_store.client.streams.streams/batchappend'),
    };
  }

  /** Gives the channel up: it takes calls and answers none. All calls on it fail, and the next one connects anew. */
  reconnect(): void {
    this.failed(Object.assign(new Error('no answer'), { code: UNAVAILABLE, details: 'no answer' }));
  }

  /** A call that is not watched by the client has failed; it connects anew, or to the leader, where that helps. */
  failed(error: Error): void {
    within(this.answerTimeout, this.#inside.getGRPCClient(StreamsClient, 'skald'), 'connecting').then(
      (client) => this.#inside.handleError(client, error),
      () => {},
    );
  }

  /** K3 */
  async close(): Promise<void> {
    const { dispose, getChannel } = this.#inside;
    await within(this.answerTimeout, dispose(), 'closing').catch(() => {});
    const channel = await within(this.answerTimeout, getChannel(), 'closing', (late) => late.close()).catch(() => undefined);
    channel?.close();
  }
}
