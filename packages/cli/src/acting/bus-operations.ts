import { callError, callOperation, type RunningSkald, Skald } from '@skald/app';
import type { SagaRef } from '@skald/decorators';
import type { EventStore, MessageBus, SagaDefinition } from '@skald/kernel';
import { SkaldError } from '@skald/kernel';
import type { CodecOnDemand } from '../connecting/open-codec.js';
import { Trouble } from '../trouble.js';
import { UsageError } from '../usage.js';
import { type CallOutcome, errorOf, type Operations } from './operations.js';

export interface BusOperationsOptions {
  readonly bus: () => Promise<MessageBus>;
  /** What `start` and the checks of a signal need to know. */
  readonly definitions: readonly SagaDefinition[];
  /** Seals what is said on the way. Default: none, and it can be read by whoever reads the bus. */
  readonly codec?: CodecOnDemand;
  /** What `start-again` looks into. Default: none, and it is refused. */
  readonly events?: () => Promise<EventStore>;
  /** How long an answer is waited for, in milliseconds. */
  readonly patience: number;
}

/** Operations for which the managers take what they are given. */
const BEGINNING: ReadonlySet<string> = new Set(['start', 'start-again']);

/** Asks the managers of sagas over their message bus. */
export class BusOperations implements Operations {
  private constructor(
    private readonly app: RunningSkald,
    private readonly definitions: readonly SagaDefinition[],
    private readonly codec: CodecOnDemand | undefined,
  ) {}

  static async open({ bus, definitions, events, codec, patience }: BusOperationsOptions): Promise<BusOperations> {
    // Keys that cannot be had are told, and nothing is sent: it would never be answered, or be in the clear.
    await codec?.whole();
    const options = { answerTimeout: patience, log: () => undefined, ...(events && { events }), ...(codec && { codec }) };
    const app = await Skald.connect({ bus, ...options })
      .sagas(...(definitions as readonly SagaRef[]))
      .start();
    return new BusOperations(app, definitions, codec);
  }

  async call(operation: string, values: Readonly<Record<string, unknown>>, request: string): Promise<CallOutcome> {
    if (this.definitions.length === 0 && BEGINNING.has(operation)) {
      throw new UsageError(
        `${operation} over a bus needs to know the sagas: name a compiled module that exports them, --definitions <module>`,
      );
    }
    try {
      const ports = { sagas: this.app.sagas, tasks: this.app.tasks, definitions: this.definitions };
      return { type: 'done', result: await callOperation(ports, { operation, arguments: values, request }) };
    } catch (error) {
      if (error instanceof SkaldError && error.code === 'timed-out') {
        const fix = `Look at the saga, and whether its managers run; to be sure ask again with --request ${request}, which does nothing twice.`;
        throw new Trouble('no-answer', 'No manager answered in time: whether it was done is not known.', fix);
      }
      throw error instanceof SkaldError ? error : errorOf(callError(error));
    }
  }

  async close(): Promise<void> {
    await this.app.stop().finally(() => this.codec?.close());
  }
}
