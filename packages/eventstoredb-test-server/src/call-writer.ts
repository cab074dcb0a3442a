import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { RpcError } from './rpc-errors.js';

type WritableCall<Request, Response> = ServerWritableStream<Request, Response> | ServerDuplexStream<Request, Response>;

/** The answering side of a call: waits while the client does not read, and knows when it is over. */
export class CallWriter<Request, Response> {
  #over = false;
  /** Ends the wait that is under way. */
  #resume = (): void => {};

  constructor(private readonly call: WritableCall<Request, Response>) {
    const end = (): void => {
      this.#over = true;
      this.#resume();
    };
    call.on('cancelled', end).on('close', end).on('error', end);
    call.on('drain', () => this.#resume());
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Resolves when more can be sent, or nothing can be any more. */
  async send(response: Response): Promise<void> {
    if (this.#over || this.call.write(response)) return;
    await this.pause();
  }

  /** Until `wake`, `drain` or the end. */
  pause(): Promise<void> {
    if (this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  wake(): void {
    this.#resume();
  }

  /** The call ends with an error. */
  fail(error: RpcError): void {
    if (this.#over) return;
    this.#over = true;
    this.call.emit('error', error);
    this.#resume();
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.call.end();
  }
}
