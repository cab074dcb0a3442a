/**
 * A bus whose messages carry no payload that can be read on the way.
 *
 * Invariants
 * Z1  Messages keep their order and their number: they are sealed before they are published, and opened, one batch after the other, before they
 *     are delivered.
 * Z2  While keys cannot be had nothing is delivered, and it is tried again; what is not done stays with the bus.
 * Z3  What does not open (altered, or under a key that nobody has) is told, and delivered to nobody. A command whose key was dropped is not
 *     carried out; what reaches a saga whose key was dropped reaches it without its payload.
 */
import {
  type Address,
  type BusConsumer,
  type BusMessage,
  type Clock,
  type Delivery,
  type MessageBus,
  type Outgoing,
  type OwnershipListener,
  type Partitioning,
  type PayloadCodec,
  type SealedPayload,
  SkaldError,
} from '@skald/kernel';
import type { Observer } from '../observer.js';
import { plainPayload, sealedPayload, withOpened, withSealed } from './message-payloads.js';

export interface SealedBusOptions {
  readonly codec: PayloadCodec;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  /** Participants that have no keys: what is sent to them is in the clear, and what they answer is taken as it is. */
  readonly clear?: readonly string[];
}

/** Until keys are asked for again, in milliseconds. */
const PAUSE = 1_000;

export class SealedBus implements MessageBus {
  readonly partitioning?: Partitioning;
  private sealing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly inner: MessageBus,
    private readonly options: SealedBusOptions,
  ) {
    if (inner.partitioning) this.partitioning = inner.partitioning;
  }

  /** Z1: one after the other, for the keys of one call may take longer than those of the next. */
  async publish(messages: readonly Outgoing[]): Promise<void> {
    const sealing = this.sealing.then(() => this.sealed(messages));
    this.sealing = sealing.catch(() => undefined);
    await this.inner.publish(await sealing);
  }

  async consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener): Promise<BusConsumer> {
    let stopped = false;
    let last: Promise<void> = Promise.resolve();
    const openAndDeliver = async (batch: readonly Delivery[]): Promise<void> => {
      for (;;) {
        if (stopped) return;
        try {
          const opened = await this.opened(batch);
          if (!stopped && opened.length > 0) deliver(opened);
          return;
        } catch (error) {
          this.options.observer.troubled('messages cannot be opened now; it is tried again', error);
          await this.pause();
        }
      }
    };
    // Z1
    const consumer = await this.inner.consume(
      address,
      (batch) => {
        last = last.then(() => openAndDeliver(batch));
      },
      ownership,
    );
    return {
      stop: () => {
        stopped = true;
        return consumer.stop();
      },
    };
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  private async sealed(messages: readonly Outgoing[]): Promise<readonly Outgoing[]> {
    const plain = messages.map(({ address, message }) => {
      const isClear = address.to === 'participant' && this.options.clear?.includes(address.participant);
      return isClear ? undefined : plainPayload(message);
    });
    const payloads = plain.flatMap((one) => one ?? []);
    if (payloads.length === 0) return messages;
    const texts = (await this.options.codec.seal(payloads)).values();
    return messages.flatMap((one, at) => {
      if (!plain[at]) return [one];
      const text = texts.next().value;
      // Z3: whoever dropped the key has said that nobody is to have it.
      if (text !== undefined) return [{ ...one, message: withSealed(one.message, text) }];
      return one.message.kind === 'command' ? [] : [{ ...one, message: withOpened(one.message, undefined) }];
    });
  }

  private async opened(batch: readonly Delivery[]): Promise<Delivery[]> {
    const sealed = batch.map(({ message }) => sealedPayload(message));
    const texts = await this.openAll(sealed.flatMap((one) => one ?? []));
    const opened: Delivery[] = [];
    for (const [at, delivery] of batch.entries()) {
      const one = sealed[at];
      if (!one) {
        opened.push(delivery);
        continue;
      }
      const text = texts.get(one);
      if (text instanceof SkaldError || (text === undefined && delivery.message.kind === 'command')) this.leaveOut(delivery, text);
      else opened.push(withMessage(delivery, withOpened(delivery.message, text)));
    }
    return opened;
  }

  /** All at once, and where one does not open, one after the other. */
  private async openAll(sealed: readonly SealedPayload[]): Promise<ReadonlyMap<SealedPayload, string | undefined | SkaldError>> {
    if (sealed.length === 0) return new Map();
    const { codec } = this.options;
    try {
      const texts = await codec.open(sealed);
      return new Map(sealed.map((one, at) => [one, texts[at]]));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    const texts = new Map<SealedPayload, string | undefined | SkaldError>();
    for (const one of sealed) {
      try {
        texts.set(one, (await codec.open([one]))[0]);
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        texts.set(one, error);
      }
    }
    return texts;
  }

  private leaveOut(delivery: Delivery, why: SkaldError | undefined): void {
    const { sagaId } = delivery.message;
    const error = why ?? new SkaldError('payload-dropped', { sagaId });
    this.options.observer.troubled('a message whose payload cannot be read is left out', error, sagaId);
    delivery.done();
  }

  private pause(): Promise<void> {
    const { clock } = this.options;
    return new Promise((resolve) => void clock.at(clock.now() + PAUSE, resolve));
  }
}

/** `done` may be a method that needs its object. */
function withMessage(delivery: Delivery, message: BusMessage): Delivery {
  const { partition } = delivery;
  return { message, ...(partition !== undefined && { partition }), done: () => delivery.done() };
}

function isUnreadable(error: unknown): error is SkaldError {
  return error instanceof SkaldError && error.code === 'payload-unreadable';
}
