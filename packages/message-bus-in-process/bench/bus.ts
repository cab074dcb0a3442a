/** What a message costs on the in-process bus: `node packages/message-bus-in-process/bench/bus.ts` after a build; prints JSON, in microseconds. */
import type { Address, BusMessage, Outgoing } from '@skald/kernel';
import { InProcessBus } from '../dist/index.js';

const MESSAGES = 1_000_000;
const INBOX: Address = { to: 'inbox' };
const PAYMENT: Address = { to: 'participant', participant: 'payment' };

function message(n: number): BusMessage {
  return { kind: 'answer', sagaId: `order-${n}`, request: 'r', answer: { accepted: true, revision: n } };
}

/** Publish, deliver and done, in publishes of so many. */
async function throughput(size: number): Promise<number> {
  const bus = new InProcessBus();
  const messages = Array.from({ length: MESSAGES }, (_, n): Outgoing => ({ address: PAYMENT, message: message(n) }));
  let done = 0;
  await bus.consume(PAYMENT, (batch) => {
    for (const delivery of batch) delivery.done();
    done += batch.length;
  });
  const start = performance.now();
  for (let n = 0; n < MESSAGES; n += size) {
    await bus.publish(messages.slice(n, n + size));
    if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  while (done < MESSAGES) await new Promise((resolve) => setImmediate(resolve));
  return ((performance.now() - start) * 1_000) / MESSAGES;
}

/** There and back on an idle bus. */
async function roundTrip(): Promise<number> {
  const bus = new InProcessBus();
  const rounds = 100_000;
  let n = 0;
  await bus.consume(PAYMENT, ([delivery]) => {
    delivery?.done();
    void bus.publish([{ address: INBOX, message: message(n) }]);
  });
  const start = performance.now();
  await new Promise<void>((resolve) => {
    const send = () => void bus.publish([{ address: PAYMENT, message: message(n) }]);
    void bus.consume(INBOX, ([delivery]) => {
      delivery?.done();
      if (++n === rounds) resolve();
      else send();
    });
    send();
  });
  return ((performance.now() - start) * 1_000) / rounds;
}

const report = {
  perMessageInPublishesOf100: await throughput(100),
  perMessageInPublishesOf1: await throughput(1),
  roundTripIdle: await roundTrip(),
};
const rounded = (_: string, value: unknown): unknown => (typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value);
process.stdout.write(`${JSON.stringify(report, rounded, 2)}\n`);
