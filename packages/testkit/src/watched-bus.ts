import type { Address, BusConsumer, Delivery, MessageBus, Outgoing } from '@skald/kernel';

/** A bus that remembers what was published, and can be made to refuse. */
export class WatchedBus implements MessageBus {
  /** Everything that was published, in order. */
  readonly published: Outgoing[] = [];
  /** Called before each publish; what it throws, the publish rejects with. */
  beforePublish: (messages: readonly Outgoing[]) => void = () => {};
  /** Messages that are lost on the way. */
  loses: (message: Outgoing) => boolean = () => false;

  constructor(private readonly inner: MessageBus) {}

  async publish(messages: readonly Outgoing[]): Promise<void> {
    this.beforePublish(messages);
    this.published.push(...messages);
    await this.inner.publish(messages.filter((message) => !this.loses(message)));
  }

  consume(address: Address, deliver: (batch: readonly Delivery[]) => void): Promise<BusConsumer> {
    return this.inner.consume(address, deliver);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}
