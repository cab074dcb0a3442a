import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import kafkajs from 'kafkajs';

interface Connection {
  socket?: Socket | null;
  chunks: Buffer[];
  bytesBuffered: number;
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<boolean>;
  processData(data: Buffer): void;
}

/** Of the length that stands before each response. */
const LENGTH_BYTES = 4;

/**
 * A connection of kafkajs 2.2.4 is used again with another socket, and keeps the half response that the socket before it had brought: what the
 * new one brings is appended to that, lengths are read where there are none, and the error is thrown at nobody, which ends the process
 * (tulios/kafkajs #715). Besides, the old socket may still speak: its data is taken for the new one's, its end for the new one's end. Mended
 * here: a new socket begins with nothing, the old one is silenced, of two attempts to connect at once there is only one, which fails when its
 * socket is closed, and what cannot be read ends the connection.
 */
export function mendConnections(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/connection') as { prototype: Connection };
  const { connect, processData } = prototype;
  const connecting = new WeakMap<Connection, Promise<boolean>>();

  prototype.connect = function connectOnce(this: Connection): Promise<boolean> {
    if (this.isConnected()) return Promise.resolve(true);
    const underWay = connecting.get(this);
    if (underWay !== undefined) return underWay;
    if (this.socket) silence(this.socket);
    this.socket = null;
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    const attempt = Promise.race([connect.call(this), closed(this)]).finally(() => connecting.delete(this));
    connecting.set(this, attempt);
    return attempt;
  };

  prototype.processData = function processOrEnd(this: Connection, data: Buffer): void {
    try {
      processData.call(this, data);
    } catch (error) {
      this.socket?.destroy(new Error(`an unreadable response: ${error instanceof Error ? error.message : String(error)}`));
    }
  };
}

function silence(socket: Socket): void {
  for (const event of ['data', 'end', 'error', 'timeout']) socket.removeAllListeners(event);
  socket.on('error', () => {});
  socket.destroy();
}

/** Rejects when the socket is closed; it is there at once when a connection is begun. */
function closed({ socket }: Connection): Promise<never> {
  return new Promise((_, reject) => {
    socket?.once('close', () => reject(new kafkajs.KafkaJSConnectionError('Closed before it was connected')));
  });
}
