import { openRequestBox, type PostedRequest, type RequestBox } from '@skald/event-store-sqlite';
import { SkaldError } from '@skald/kernel';
import { callOperation, type OperationCall, type OperationPorts } from './operations.js';

/** How a call ended, as it is answered. */
export type CallAnswer = { readonly done: true; readonly result?: unknown } | { readonly done: false; readonly error: CallError };

export interface CallError {
  /** Of the catalogue, or an error's name. */
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** How often it is looked whether somebody asks something, in milliseconds. */
const LOOK_EVERY = 200;
/** Requests in hand at once. */
const AT_ONCE = 200;

/**
 * Carries out what other processes of this machine ask of the application that owns a store: the `skald` command, above all. They leave their
 * requests beside the store; here they go the way of every call of the application. What was asked while nothing ran is carried out at the
 * start; a request that was in hand when a process died is carried out again, under its own id, so that it takes effect once.
 */
export class RequestDesk {
  private box: RequestBox | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isTroubled = false;
  private readonly inHand = new Set<Promise<void>>();

  constructor(
    private readonly file: string,
    private readonly ports: OperationPorts,
    private readonly troubled: (what: string, error: unknown) => void,
  ) {}

  start(): void {
    this.look();
    this.timer = setInterval(() => this.look(), LOOK_EVERY);
    // Whether anybody asks is no reason to live.
    this.timer.unref();
  }

  /** Takes nothing new; resolves when what is in hand is answered. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.inHand);
    this.box?.close();
    this.box = undefined;
  }

  private look(): void {
    try {
      for (const request of this.opened()?.take(AT_ONCE - this.inHand.size) ?? []) {
        const work = this.carryOut(request).finally(() => this.inHand.delete(work));
        this.inHand.add(work);
      }
      this.isTroubled = false;
    } catch (error) {
      // Once, however often it is tried.
      if (!this.isTroubled) this.troubled('requests from outside cannot be read; it is tried again', error);
      this.isTroubled = true;
    }
  }

  private opened(): RequestBox | undefined {
    if (this.box) return this.box;
    this.box = openRequestBox(this.file, { create: false });
    this.box?.release();
    return this.box;
  }

  private async carryOut({ id, text }: PostedRequest): Promise<void> {
    const answer = await this.answerTo(id, text);
    try {
      this.box?.answer(id, JSON.stringify(answer), Date.now());
    } catch (error) {
      this.troubled('a request from outside was carried out, and could not be answered', error);
    }
  }

  private async answerTo(id: string, text: string): Promise<CallAnswer> {
    try {
      const { operation, arguments: values } = JSON.parse(text) as OperationCall;
      const result = await callOperation(this.ports, { operation: String(operation), arguments: { ...values }, request: id });
      return { done: true, ...(result !== undefined && { result }) };
    } catch (error) {
      return { done: false, error: callError(error) };
    }
  }
}

export function callError(error: unknown): CallError {
  if (error instanceof SkaldError) return { code: error.code, message: error.message, details: error.details };
  if (error instanceof Error) return { code: error.name, message: error.message };
  return { code: 'Error', message: String(error) };
}
