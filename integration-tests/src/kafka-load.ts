import type { Delivery, Outgoing } from '@skald/kernel';
import type { KafkaBus } from '@skald/message-bus-kafka';

const SAGAS = 50;

/** Publishes numbered inputs without a pause, consumes them, and knows what is missing. */
export class KafkaLoad {
  readonly #seen = new Map<string, number[]>();
  #sent = 0;
  #stopped = false;
  #publishing: Promise<void> = Promise.resolve();

  constructor(private readonly bus: KafkaBus) {}

  /** Rounds of one input for each saga, all of them known to be written. */
  get sent(): number {
    return this.#sent;
  }

  start(): void {
    this.#publishing = this.#publish();
  }

  /** Resolves when everything sent is written; rejects if anything was given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#publishing;
  }

  readonly take = (batch: readonly Delivery[]): void => {
    for (const delivery of batch) {
      const { message } = delivery;
      if (message.kind === 'input' && message.input.type === 'cancel') {
        const numbers = this.#seen.get(message.sagaId) ?? [];
        const number = Number(message.input.request);
        if (!numbers.includes(number)) numbers.push(number);
        this.#seen.set(message.sagaId, numbers);
      }
      delivery.done();
    }
  };

  /** Inputs that are written and were not delivered. */
  get missing(): number {
    let found = 0;
    for (const numbers of this.#seen.values()) found += numbers.length;
    return this.#sent * SAGAS - found;
  }

  /** Sagas whose inputs were first delivered out of their order. */
  get outOfOrder(): string[] {
    return [...this.#seen].flatMap(([sagaId, numbers]) => (numbers.every((number, at) => number === at) ? [] : [sagaId]));
  }

  async #publish(): Promise<void> {
    for (; !this.#stopped; this.#sent++) {
      const round = Array.from({ length: SAGAS }, (_, saga): Outgoing => {
        const input = { type: 'cancel', request: String(this.#sent), reason: '', by: 'load' } as const;
        return { address: { to: 'inbox' }, message: { kind: 'input', sagaId: `order-${saga}`, input } };
      });
      await this.bus.publish(round);
    }
  }
}

/** Looks again and again; how long is the test's time limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
