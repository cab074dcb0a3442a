import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  readonly toServer: Transform;
  readonly toClient: Transform;
}

/** Which connections are meant; called for each. Default: all. */
type Chosen = () => boolean;
const all: Chosen = () => true;

/** Stands between a client and a server, and treats their connections badly. */
export class TcpProxy {
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #port = 0;
  #lag = 0;

  private constructor(host: string, port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ host, port, allowHalfOpen: true });
      const pair = { client, upstream, toServer: this.#slow(), toClient: this.#slow() };
      this.#pairs.add(pair);
      client.pipe(pair.toServer).pipe(upstream);
      upstream.pipe(pair.toClient).pipe(client);
      for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
        from.on('error', () => to.destroy());
        from.on('close', () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
      }
    });
  }

  static async to(address: string): Promise<TcpProxy> {
    const [host = '', port = ''] = address.split(':');
    const proxy = new TcpProxy(host, Number(port));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const listening = proxy.#server.address();
    proxy.#port = typeof listening === 'object' && listening ? listening.port : 0;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** Whatever comes from now on is late by so many milliseconds, each piece anew. */
  delay(milliseconds: number): void {
    this.#lag = milliseconds;
  }

  /** The connections end without a word. */
  cut(chosen = all): void {
    for (const { client } of this.#pairs) if (chosen()) client.resetAndDestroy();
  }

  /** The server is done speaking, the client may go on; nobody answers it. */
  halfClose(chosen = all): void {
    for (const { client, toClient } of this.#pairs) {
      if (!chosen()) continue;
      toClient.unpipe(client);
      client.end();
    }
  }

  /** Nothing goes through the connections there are any more, in either direction; new ones are well. */
  stall(chosen = all): void {
    for (const { client, upstream, toServer, toClient } of this.#pairs) {
      if (!chosen()) continue;
      client.unpipe(toServer);
      upstream.unpipe(toClient);
      client.resume();
      upstream.resume();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.destroy();
    await closed;
  }

  #slow(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.#lag === 0) done(null, chunk);
        else setTimeout(done, this.#lag, null, chunk);
      },
    });
  }
}
