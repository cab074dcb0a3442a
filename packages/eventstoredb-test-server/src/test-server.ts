import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Endpoint, type Fault, Faults, type Reaction } from './faults.js';
import { GossipService } from './gossip-service.js';
import { LogWriter } from './log-writer.js';
import { addServices, type Services } from './services.js';

export interface TestServerOptions {
  /** Default 0: one that is free. */
  readonly port?: number;
  /** Default 127.0.0.1. There is no TLS, and no authentication: whoever reaches it may do everything. */
  readonly host?: string;
  /** Folder for the data; absent: in memory. What was acknowledged there outlives the process, also by kill -9. */
  readonly data?: string;
  /** Sync every write to the disk. Default false. */
  readonly sync?: boolean;
  /** Bytes of one append, as the server's --max-append-size. Default 1 MiB. */
  readonly maxAppendSize?: number;
  /** What the cache of recent event ids may take. Default 8 MiB. */
  readonly recentIdsBytes?: number;
  /** Whether `$ce-` streams are kept, as by --run-projections=System. Default false. */
  readonly categories?: boolean;
  /** Behaves as this version where they differ: before 21.6 no BatchAppend, 22.10 no positions in streams, 23.10 no caught-up. Default 24.10.0. */
  readonly version?: string;
  /** What `kill` does in the end. Default: nothing; the command line ends its process. */
  readonly onKill?: () => void;
}

/** A stand-in for EventStoreDB in tests. It is not a database: one process, everything in memory, at best a journal beside it. */
export class TestServer {
  readonly faults = new Faults();
  /** Emits `disconnected` when a connection has ended. */
  readonly disconnections = new EventEmitter();
  readonly #writer: LogWriter;
  readonly #grpc: Server;
  readonly #services: Services;
  readonly #gossip: GossipService;
  readonly #sockets = new Set<Socket>();
  #net: NetServer | undefined;
  #running = true;

  constructor(private readonly options: TestServerOptions) {
    this.#writer = new LogWriter({
      data: options.data,
      sync: options.sync ?? false,
      recentIdsBytes: options.recentIdsBytes ?? 8 * 1024 * 1024,
      categories: options.categories ?? false,
    });
    this.#grpc = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
    this.#gossip = new GossipService(randomUUID(), () => this.endpoint);
    this.#services = {
      ...{ writer: this.#writer, faults: this.faults, gossip: this.#gossip },
      maxAppendSize: options.maxAppendSize ?? 1024 * 1024,
      version: options.version ?? '24.10.0',
      subscriptions: new Set(),
      isRunning: () => this.#running,
      act: (reaction) => this.#act(reaction),
    };
    addServices(this.#grpc, this.#services);
  }

  get endpoint(): Endpoint {
    const address = this.#net?.address();
    return { host: this.options.host ?? '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
  }

  get connectionString(): string {
    const { host, port } = this.endpoint;
    return `esdb://${host}:${port}?tls=false`;
  }

  /** Number of events, the server's own included. */
  get length(): number {
    return this.#writer.log.all.length;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<void> {
    const injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    const net = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket
        .on('error', () => socket.destroy())
        .on('close', () => {
          this.#sockets.delete(socket);
          this.disconnections.emit('disconnected');
        });
      injector.injectConnection(socket);
    });
    this.#net = net;
    await new Promise<void>((resolve, reject) => {
      net.once('error', reject).listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1', resolve);
    });
  }

  inject(fault: Fault): void {
    this.faults.inject(fault);
  }

  /** As a network does: no goodbye. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connections stay, nothing comes through them any more. */
  freeze(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  /** Ends the subscriptions that are running now. */
  failSubscriptions(reaction: Reaction): void {
    for (const interrupt of this.#services.subscriptions) interrupt(reaction);
  }

  /** From now on what needs the leader is sent there; undefined: this one leads. */
  follow(leader: Endpoint | undefined): void {
    this.#gossip.leader = leader;
  }

  /** Dies in the middle of everything. The journal, where there is one, has what was acknowledged. */
  kill(): void {
    this.#end();
    this.options.onKill?.();
  }

  /** Resolves when the port is free. */
  async stop(): Promise<void> {
    const net = this.#net;
    const closed = net?.listening ? new Promise<void>((resolve) => net.once('close', () => resolve())) : undefined;
    this.#end();
    await closed;
  }

  #end(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#net?.close();
    this.cutConnections();
    this.#grpc.forceShutdown();
    this.#writer.close();
  }

  #act(reaction: Reaction): void {
    if (reaction === 'cut') this.cutConnections();
    else if (reaction === 'kill') this.kill();
  }
}

/** Starts a test server; reads the journal first where there is one. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const server = new TestServer(options);
  await server.listen();
  return server;
}
