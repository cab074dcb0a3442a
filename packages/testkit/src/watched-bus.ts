import type { Address, BusConsumer, Delivery, MessageBus, Outgoing, OwnershipListener, Partitioning } from '@skald/kernel';

/** A bus that remembers what was published, and can be made to refuse. */
export class WatchedBus implements MessageBus {
  /** Everything that was published, in order. */
  readonly published: Outgoing[] = [];
  /** Called before each publish; what it throws, the publish rejects with. */
  beforePublish: (messages: readonly Outgoing[]) => void = () => {};
  /** Messages that are lost on the way. */
  loses: (message: Outgoing) => boolean = () => false;

  readonly partitioning?: Partitioning;

  constructor(private readonly inner: MessageBus) {
    if (inner.partitioning) this.partitioning = inner.partitioning;
  }

  async publish(messages: readonly Outgoing[]): Promise<void> {
    this.beforePublish(messages);
    this.published.push(...messages);
    await this.inner.publish(messages.filter((message) => !this.loses(message)));
  }

  consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener): Promise<BusConsumer> {
    return this.inner.consume(address, deliver, ownership);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
