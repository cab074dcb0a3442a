/**
 * Answers to sagas that cannot be read here: by a newer Skald's events, or by a damaged stream. Somebody may be able to later, in this process or
 * another, and what a participant has done is told by it once. So such an answer goes back to the end of the inbox, as often as it takes.
 *
 * Invariants
 * U1  It is acknowledged only when the bus has it again.
 * U2  It is held for a few seconds and no longer: meanwhile nothing behind it is acknowledged either.
 * U3  Of a partition that is lost nothing is sent any more: it is the next owner's.
 */
import type { Clock, Delivery, InboxMessage, MessageBus } from '@skald/kernel';
import type { Observer } from './observer.js';

export interface AsidePorts {
  readonly bus: Pick<MessageBus, 'publish'>;
  readonly clock: Clock;
  readonly observer: Pick<Required<Observer>, 'troubled'>;
}

/** How long an answer is held, in milliseconds. */
const HELD = 5_000;

/** Tells that an action has happened: nobody may ever ask for it again. */
export function tellsOfAnEffect({ message: { input } }: Delivery<InboxMessage>): boolean {
  return input.type === 'reply' && input.purpose === 'step' && (input.outcome.type === 'succeeded' || input.outcome.type === 'deferred');
}

export class SetAside {
  private readonly held = new Map<Delivery<InboxMessage>, () => void>();
  private stopped = false;

  constructor(private readonly ports: AsidePorts) {}

  add(delivery: Delivery<InboxMessage>): void {
    const { clock } = this.ports;
    if (this.stopped || this.held.has(delivery)) return;
    this.held.set(
      delivery,
      clock.at(clock.now() + HELD, () => void this.sendBack(delivery)),
    );
  }

  /** U3 */
  keep(fits: (sagaId: string) => boolean): void {
    for (const [delivery, cancel] of this.held) {
      if (fits(delivery.message.sagaId)) continue;
      cancel();
      this.held.delete(delivery);
    }
  }

  stop(): void {
    this.stopped = true;
    this.keep(() => false);
  }

  /** U1 */
  private async sendBack(delivery: Delivery<InboxMessage>): Promise<void> {
    const { bus, observer } = this.ports;
    const { message } = delivery;
    try {
      await bus.publish([{ address: { to: 'inbox' }, message }]);
      if (this.held.delete(delivery)) delivery.done();
    } catch (error) {
      observer.troubled('an answer to a saga that cannot be read cannot go back to the inbox; it is tried again', error, message.sagaId);
      if (this.held.delete(delivery)) this.add(delivery);
    }
  }
}
