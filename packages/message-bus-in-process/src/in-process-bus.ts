import {
  type Address,
  type BusConsumer,
  type BusMessage,
  type Delivery,
  type MessageBus,
  type Outgoing,
  type OwnershipListener,
  SkaldError,
} from '@skald/kernel';

type Deliver = (batch: readonly Delivery[]) => void;

/**
 * A message bus within one process: queues in memory, which end with the process. What a saga is owed is in its events, so nothing is lost
 * with them: recovery sends it again.
 *
 * Q1. A message waits until a consumer takes it, and is delivered again to the next consumer unless it was done.
 * Q2. Messages to one address keep their order, also when they are delivered again.
 * Q3. `deliver` never runs inside `publish` or `consume`, and takes everything that waits as one batch.
 * Q4. There is one partition, 0, which a consumer owns from before its first delivery.
 * Q5. After `stop()` there is no delivery, and a `done()` that comes later counts no more: the message is with the next consumer.
 *
 * Q3 uses setImmediate, not a microtask: all that a turn of the event loop publishes, through however many promises, becomes one batch, and
 * a saga and its participant that answer each other at once cannot starve timers and sockets. An idle bus delivers in the same turn, within
 * microseconds.
 */
export class InProcessBus implements MessageBus {
  readonly #queues = new Map<string, Queue>();
  #closed = false;

  async publish(messages: readonly Outgoing[]): Promise<void> {
    this.#checkOpen();
    for (const { address, message } of messages) this.#queue(address).push(message);
  }

  async consume(address: Address, deliver: Deliver, ownership?: OwnershipListener): Promise<BusConsumer> {
    this.#checkOpen();
    const queue = this.#queue(address);
    if (queue.isTaken) throw new SkaldError('address-taken', { address: nameOf(address) });
    ownership?.assigned([0]);
    return queue.attach(deliver);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const queue of this.#queues.values()) queue.detach();
    this.#queues.clear();
  }

  #checkOpen(): void {
    if (this.#closed) throw new SkaldError('bus-closed');
  }

  #queue(address: Address): Queue {
    const name = nameOf(address);
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      queue = new Queue();
      this.#queues.set(name, queue);
    }
    return queue;
  }
}

function nameOf(address: Address): string {
  if (address.to === 'inbox' || address.to === 'express') return address.to;
  return address.to === 'participant' ? `participant ${address.participant}` : `client ${address.client}`;
}

class Queue {
  #waiting: BusMessage[] = [];
  #consumer: Consumer | undefined;
  #scheduled = false;

  get isTaken(): boolean {
    return this.#consumer !== undefined;
  }

  push(message: BusMessage): void {
    this.#waiting.push(message);
    this.#schedule();
  }

  attach(deliver: Deliver): BusConsumer {
    const consumer = new Consumer(deliver);
    this.#consumer = consumer;
    this.#schedule();
    return {
      stop: async () => {
        if (this.#consumer === consumer) this.detach();
      },
    };
  }

  /** Q1, Q2: what was delivered and not done was published before all that waits. */
  detach(): void {
    if (this.#consumer === undefined) return;
    this.#waiting = this.#consumer.end().concat(this.#waiting);
    this.#consumer = undefined;
  }

  #schedule(): void {
    if (this.#scheduled || this.#consumer === undefined || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#waiting;
      if (this.#consumer === undefined || batch.length === 0) return;
      this.#waiting = [];
      this.#consumer.deliver(batch);
    });
  }
}

/** One consumer's deliveries, oldest first. Those that are done are dropped from the front, so that a slow one holds up no more than itself. */
class Consumer {
  #open: OpenDelivery[] = [];
  #done = 0;

  constructor(private readonly receive: Deliver) {}

  deliver(messages: readonly BusMessage[]): void {
    const batch = messages.map((message) => new OpenDelivery(message, this));
    for (const delivery of batch) this.#open.push(delivery);
    this.receive(batch);
  }

  /** Cleans up once half of what is kept is done: a constant cost for each message, however many are in flight. */
  settle(): void {
    this.#done++;
    if (this.#done * 2 < this.#open.length) return;
    this.#open = this.#open.filter((delivery) => !delivery.isDone);
    this.#done = 0;
  }

  /** Q5: the next consumer gets deliveries of its own. Answers the messages that were not done. */
  end(): BusMessage[] {
    const undone = this.#open.filter((delivery) => !delivery.isDone);
    this.#open = [];
    return undone.map((delivery) => delivery.message);
  }
}

class OpenDelivery implements Delivery {
  isDone = false;

  constructor(
    readonly message: BusMessage,
    private readonly consumer: Consumer,
  ) {}

  done(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.consumer.settle();
  }
}
