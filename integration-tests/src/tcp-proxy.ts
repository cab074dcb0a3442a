import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and treats their connections badly. */
export class TcpProxy {
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;
  #port = 0;

  private constructor(host: string, port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ host, port, allowHalfOpen: true });
      const pair = [client, upstream] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [upstream, client]] as const) {
        from.pipe(to);
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

  /** All connections end without a word. */
  cut(): void {
    for (const [client] of this.#pairs) client.resetAndDestroy();
  }

  /** The server is done speaking, the client may go on; nobody answers it. */
  halfClose(): void {
    for (const [client, upstream] of this.#pairs) {
      upstream.unpipe(client);
      client.end();
    }
  }

  /** Nothing goes through the connections there are any more, in either direction; new ones are well. */
  stall(): void {
    for (const [client, upstream] of this.#pairs) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.resume();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const [client, upstream] of this.#pairs) for (const socket of [client, upstream]) socket.destroy();
    await closed;
  }
}
