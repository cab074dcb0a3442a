import { describe, expect, it } from '@jest/globals';
import type { Address, BusMessage, Delivery } from '@skald/kernel';
import { messageBusContract } from '@skald/testkit';
import { InProcessBus } from './in-process-bus.js';

messageBusContract('InProcessBus', async () => {
  const subject = new InProcessBus();
  return { subject, close: () => subject.close() };
});

const INBOX: Address = { to: 'inbox' };

function message(n: number): BusMessage {
  return { kind: 'answer', sagaId: `order-${n % 3}`, request: String(n), answer: { accepted: true, revision: n } };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('InProcessBus', () => {
  it('Q3: makes one batch of all that a turn of the event loop publishes', async () => {
    const bus = new InProcessBus();
    const sizes: number[] = [];
    await bus.consume(INBOX, (batch) => sizes.push(batch.length));
    for (let n = 0; n < 10; n++) await bus.publish([{ address: INBOX, message: message(n) }]);
    await Promise.all([10, 11].map((n) => bus.publish([{ address: INBOX, message: message(n) }])));
    expect(sizes).toEqual([]);
    await turn();
    expect(sizes).toEqual([12]);
  });

  it('Q3: lets timers have their turn while a consumer answers itself for ever', async () => {
    const bus = new InProcessBus();
    let rounds = 0;
    await bus.consume(INBOX, (batch) => {
      rounds++;
      for (const delivery of batch) {
        delivery.done();
        void bus.publish([{ address: INBOX, message: delivery.message }]);
      }
    });
    await bus.publish([{ address: INBOX, message: message(1) }]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await bus.close();
    expect(rounds).toBeGreaterThan(0);
  });

  it('Q2: allows one consumer for an address at a time', async () => {
    const bus = new InProcessBus();
    const first = await bus.consume(INBOX, () => {});
    await expect(bus.consume(INBOX, () => {})).rejects.toMatchObject({ code: 'address-taken' });
    await first.stop();
    await (await bus.consume(INBOX, () => {})).stop();
  });

  it('Q1, Q2: redelivers just what was not done, in order, whatever was done in whatever order', async () => {
    const bus = new InProcessBus();
    const seen: Delivery[] = [];
    const first = await bus.consume(INBOX, (batch) => seen.push(...batch));
    for (let n = 0; n < 100; n++) {
      await bus.publish([{ address: INBOX, message: message(n) }]);
      if (n % 10 === 0) await turn();
    }
    await turn();
    for (const [n, delivery] of [...seen.entries()].reverse()) if (n % 7 !== 3) delivery.done();
    await first.stop();
    const again: string[] = [];
    await bus.consume(INBOX, (batch) => again.push(...batch.map((one) => (one.message.kind === 'answer' ? one.message.request : ''))));
    await turn();
    expect(again).toEqual(Array.from({ length: 100 }, (_, n) => n).flatMap((n) => (n % 7 === 3 ? [String(n)] : [])));
  });

  it('Q5: delivers nothing after stop() or close(), even when it was already scheduled', async () => {
    const bus = new InProcessBus();
    const sizes: number[] = [];
    const consumer = await bus.consume(INBOX, (batch) => sizes.push(batch.length));
    await bus.publish([{ address: INBOX, message: message(1) }]);
    await consumer.stop();
    await turn();
    await bus.consume(INBOX, (batch) => sizes.push(batch.length));
    await bus.close();
    await turn();
    expect(sizes).toEqual([]);
  });
});
