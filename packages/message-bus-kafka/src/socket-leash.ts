import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** As in kafkajs, milliseconds. */
const KEEP_ALIVE = 60_000;

/**
 * All sockets of one kafkajs client, so that it can be ended for certain: kafkajs forgets a consumer that is stopped while it joins its
 * group, which then goes on for ever, and loses sockets when two requests connect at once.
 */
export class SocketLeash {
  readonly #sockets = new Set<Socket>();
  readonly #factory: ISocketFactory;
  #cut = false;

  constructor(factory: ISocketFactory = plainSocket) {
    this.#factory = factory;
  }

  readonly socketFactory: ISocketFactory = (args) => {
    if (this.#cut) throw new Error('this Kafka client has ended');
    const socket = this.#factory(args);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    // kafkajs hears of "end" only: a socket that closes without it would leave its requests waiting for their timeout.
    socket.once('close', (failed: boolean) => {
      if (!failed && !socket.readableEnded) socket.emit('end');
    });
    return socket;
  };

  /** Ends all connections, and lets none be made again. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy(new Error('this Kafka client has ended'));
  }
}

/** kafkajs' own factory, which it does not export. */
const plainSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE);
  return socket;
};
