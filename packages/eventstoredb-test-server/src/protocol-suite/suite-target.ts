import { randomUUID } from 'node:crypto';
import {
  type AllStreamResolvedEvent,
  binaryEvent,
  type EventStoreDBClient as Client,
  type EventData,
  jsonEvent,
} from '@eventstore/db-client';

/** A server that the suite runs against, and what runs the tests. */
export interface SuiteTarget {
  /** Declares a test: Jest's `it`, or `test` of node:test. */
  readonly test: (title: string, body: () => Promise<void>) => void;
  /** One client, for all tests. */
  readonly client: () => Client;
  /** The server's --max-append-size. */
  readonly maxAppendSize: number;
  /** Whether category projections run. */
  readonly categories: boolean;
  /** False for servers before 23.10. */
  readonly sendsCaughtUp: boolean;
}

/** A stream that no other test uses, nor a run before. */
export function someStream(category = 'suite'): string {
  return `${category}${randomUUID().slice(0, 8)}-${randomUUID()}`;
}

export function someEvent(data: Record<string, unknown> = {}): EventData {
  return jsonEvent({ id: randomUUID(), type: 'SomethingHappened', data });
}

export function someEvents(count: number): EventData[] {
  return Array.from({ length: count }, (_, n) => someEvent({ n }));
}

export function someBytes(length: number): EventData {
  return binaryEvent({ id: randomUUID(), type: 'SomethingHappened', data: new Uint8Array(length).fill(120) });
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Ids of a stream's events. */
export async function idsOf(client: Client, stream: string): Promise<string[]> {
  return (await collect(client.readStream(stream))).map(({ event }) => event?.id ?? '');
}

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    // Errors keep what is worth comparing in own properties; `message` may be inherited.
    return { ...(error as object), message: (error as Error).message };
  }
  throw new Error('expected an error');
}

interface Emitter extends AsyncIterable<AllStreamResolvedEvent> {
  on(event: 'data', listener: (event: AllStreamResolvedEvent) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'confirmation' | 'caughtUp' | 'end', listener: () => void): unknown;
  unsubscribe(): Promise<void>;
}

/** What a subscription says, in order, until it is stopped. */
export class Heard {
  readonly items: string[] = [];
  readonly events: AllStreamResolvedEvent[] = [];
  #wake: () => void = () => {};

  constructor(
    private readonly subscription: Emitter,
    isMine: (event: AllStreamResolvedEvent) => boolean,
  ) {
    subscription.on('data', (event) => {
      if (!isMine(event)) return;
      this.events.push(event);
      this.add(`event ${event.event?.revision ?? event.link?.revision}`);
    });
    subscription.on('error', (error) => this.add(`error ${(error as { type?: string }).type}`));
    for (const signal of ['confirmation', 'caughtUp', 'end'] as const) subscription.on(signal, () => this.add(signal));
  }

  add(item: string): void {
    this.items.push(item);
    this.#wake();
  }

  async until(condition: (heard: Heard) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): Promise<void> {
    return this.subscription.unsubscribe();
  }
}
