import type { Address, BusMessage, Delivery, MessageBus, Outgoing } from '@skald/kernel';
import { Collector, type ContractOptions, type ContractSubject, contract, type Sentence, turns } from './contract.js';
import { expect } from './test-framework.contract.js';

export type MessageBusSubject = ContractSubject<MessageBus>;

/** What every message bus keeps; `open` gives one without messages. */
export function messageBusContract(name: string, open: () => Promise<MessageBusSubject>, options: ContractOptions = {}): void {
  contract(`${name} is a message bus`, open, options, (sentence) => {
    delivers(sentence);
    redelivers(sentence);
    ends(sentence);
  });
}

const INBOX: Address = { to: 'inbox' };
const PAYMENT: Address = { to: 'participant', participant: 'payment' };
const INVENTORY: Address = { to: 'participant', participant: 'inventory' };
const CLIENT: Address = { to: 'client', client: 'client-1' };
const EXPRESS: Address = { to: 'express' };
const TRACE = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'vendor=1' };

/** A message as it goes to this address, that can be told from others by its saga and a number. */
function message(address: Address, sagaId: string, n: number): BusMessage {
  if (address.to === 'participant') return command(address.participant, sagaId, n);
  if (address.to === 'express') return start(sagaId, n);
  if (address.to === 'client') return { kind: 'answer', sagaId, request: String(n), answer: { accepted: true, revision: n } };
  return { kind: 'input', sagaId, input: { type: 'cancel', request: String(n), reason: 'no stock', by: 'me' } };
}

function start(sagaId: string, n: number): BusMessage {
  const saga = { sagaId, saga: 'order', version: 1, incarnation: 'i', input: {}, inputHash: 'h' } as const;
  return { kind: 'input', sagaId, input: { type: 'start', request: String(n), ...saga } };
}

function command(participant: string, sagaId: string, n: number): BusMessage {
  const step = { sagaId, incarnation: 'i', step: 'charge', round: 1, attempt: n, undoRound: 0, firstRequestedAt: 1, dueAt: 2 } as const;
  const what = {
    operation: 'action',
    purpose: 'step',
    key: `${sagaId}/i/charge/1`,
    participant,
    action: 'charge',
    args: [{ amount: n }],
  } as const;
  return { kind: 'command', sagaId, command: { ...step, ...what } };
}

function outgoing(address: Address, sagaId: string, ...numbers: readonly number[]): Outgoing[] {
  return numbers.map((n) => ({ address, message: message(address, sagaId, n) }));
}

function numberOf({ message: one }: Delivery): number {
  if (one.kind === 'command') return one.command.attempt;
  return Number(one.kind === 'answer' ? one.request : 'request' in one.input && one.input.request);
}

function ofSaga(sagaId: string, deliveries: readonly Delivery[]): number[] {
  return deliveries.filter((one) => one.message.sagaId === sagaId).map(numberOf);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function collect(bus: MessageBus, address: Address) {
  const seen = new Collector<Delivery>();
  const consumer = await bus.consume(address, (batch) => seen.add(...batch));
  return { seen, consumer };
}

function delivers(sentence: Sentence<MessageBusSubject>): void {
  sentence('delivers a message as it was published', async ({ subject }) => {
    const command: BusMessage = {
      kind: 'input',
      sagaId: 'order-é😀',
      client: 'client-1',
      input: { type: 'cancel', request: 'r-1', reason: 'a "reason" \u2028', by: 'me' },
    };
    const { seen } = await collect(subject, INBOX);
    await subject.publish([{ address: INBOX, message: command }]);
    const [delivery] = await seen.count(1);
    expect(delivery?.message).toEqual(command);
    delivery?.done();
  });
  sentence('keeps messages until there is a consumer', async ({ subject }) => {
    await subject.publish(outgoing(PAYMENT, 'order-1', 1, 2, 3));
    const { seen } = await collect(subject, PAYMENT);
    expect(ofSaga('order-1', await seen.count(3))).toEqual([1, 2, 3]);
  });
  sentence('keeps the order of one saga at one address, over many publishes', async ({ subject }) => {
    const { seen } = await collect(subject, INBOX);
    for (let n = 1; n <= 50; n++) {
      await subject.publish([...outgoing(INBOX, 'order-1', n * 2 - 1, n * 2), ...outgoing(INBOX, 'order-2', n)]);
      if (n % 9 === 0) await turns(1);
    }
    const deliveries = await seen.count(150);
    expect(ofSaga('order-1', deliveries)).toEqual(range(1, 100));
    expect(ofSaga('order-2', deliveries)).toEqual(range(1, 50));
  });
  sentence('delivers to each address what was sent to it', async ({ subject }) => {
    const addresses = [INBOX, PAYMENT, INVENTORY, CLIENT, EXPRESS];
    const consumers = await Promise.all(addresses.map((address) => collect(subject, address)));
    await subject.publish(addresses.flatMap((address, i) => outgoing(address, 'order-1', i, i + 10)));
    const got = await Promise.all(consumers.map(({ seen }) => seen.count(2)));
    expect(got.map((deliveries) => deliveries.map(numberOf))).toEqual([
      [0, 10],
      [1, 11],
      [2, 12],
      [3, 13],
      [4, 14],
    ]);
  });
  sentence('delivers a reply to the client that a command names, and the end of a saga in an answer', async ({ subject }) => {
    const { seen } = await collect(subject, CLIENT);
    const place = { step: 'charge', round: 1, attempt: 1, operation: 'action', purpose: 'step', undoRound: 0 } as const;
    const outcome = { type: 'succeeded', result: { paid: 3 } } as const;
    const reply: BusMessage = {
      kind: 'input',
      sagaId: 'order-1',
      input: { type: 'reply', sagaId: 'order-1', incarnation: 'i', ...place, outcome, trace: TRACE },
    };
    const ending = { status: 'completed', output: { paid: 3 } } as const;
    const answer: BusMessage = { kind: 'answer', sagaId: 'order-1', request: 'r', answer: { accepted: true, revision: 0, ending } };
    await subject.publish([reply, answer].map((one) => ({ address: CLIENT, message: one })));
    expect((await seen.count(2)).map((delivery) => delivery.message)).toEqual([reply, answer]);
  });
  sentence('delivers the trace with a start and with a command', async ({ subject }) => {
    const [starts, commands] = [await collect(subject, EXPRESS), await collect(subject, PAYMENT)];
    const begun = start('order-1', 1);
    const asked = command('payment', 'order-1', 1);
    if (begun.kind !== 'input' || begun.input.type !== 'start' || asked.kind !== 'command') throw new Error('not what was asked for');
    const traced: BusMessage[] = [
      { ...begun, input: { ...begun.input, trace: TRACE } },
      { ...asked, command: { ...asked.command, trace: TRACE } },
    ];
    await subject.publish(traced.map((one, at) => ({ address: at === 0 ? EXPRESS : PAYMENT, message: one })));
    expect([...(await starts.seen.count(1)), ...(await commands.seen.count(1))].map((delivery) => delivery.message)).toEqual(traced);
  });
  sentence('delivers the next batch while the one before is not done', async ({ subject }) => {
    const { seen } = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', 1));
    await seen.count(1);
    await subject.publish(outgoing(PAYMENT, 'order-1', 2));
    const deliveries = await seen.count(2);
    for (const delivery of [...deliveries].reverse()) delivery.done();
    expect(deliveries.map(numberOf)).toEqual([1, 2]);
  });
  sentence('tells the consumer of the inbox what it owns before it delivers anything of it', async ({ subject }) => {
    const owned = new Set<number>();
    const early: number[] = [];
    const seen = new Collector<Delivery>();
    await subject.consume(
      INBOX,
      (batch) => {
        early.push(...batch.map(({ partition = 0 }) => partition).filter((partition) => !owned.has(partition)));
        seen.add(...batch);
      },
      { assigned: (all) => all.forEach((one) => owned.add(one)), revoked: (all) => all.forEach((one) => owned.delete(one)) },
    );
    const sagas = range(1, 20).map((n) => `order-${n}`);
    await subject.publish(sagas.flatMap((sagaId) => outgoing(INBOX, sagaId, 1)));
    for (const { message: one, partition = 0 } of await seen.count(20)) {
      expect(partition).toBe(subject.partitioning?.of(one.sagaId) ?? 0);
      expect(partition).toBeLessThan(subject.partitioning?.count ?? 1);
    }
    expect(early).toEqual([]);
    expect(owned.size).toBe(subject.partitioning?.count ?? 1);
  });
  sentence('takes an empty publish', async ({ subject }) => {
    await subject.publish([]);
  });
}

function redelivers(sentence: Sentence<MessageBusSubject>): void {
  sentence('delivers to the next consumer what was not done, in order, before what came later', async ({ subject }) => {
    const first = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', ...range(1, 5)));
    const deliveries = await first.seen.count(5);
    for (const delivery of deliveries.slice(0, 2)) delivery.done();
    await first.consumer.stop();
    await subject.publish(outgoing(PAYMENT, 'order-1', 6));
    const second = await collect(subject, PAYMENT);
    expect(ofSaga('order-1', await second.seen.count(4))).toEqual([3, 4, 5, 6]);
  });
  sentence('delivers again what stands behind a message that was not done', async ({ subject }) => {
    const first = await collect(subject, PAYMENT);
    await subject.publish([...outgoing(PAYMENT, 'order-1', 1), ...outgoing(PAYMENT, 'order-2', 1, 2), ...outgoing(PAYMENT, 'order-1', 2)]);
    const deliveries = await first.seen.count(4);
    for (const delivery of deliveries) if (delivery.message.sagaId === 'order-2') delivery.done();
    await first.consumer.stop();
    const second = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', 3));
    // A bus that remembers a position gives order-2 again as well: at least once.
    while (ofSaga('order-1', second.seen.items).length < 3) await second.seen.count(second.seen.items.length + 1);
    expect(ofSaga('order-1', second.seen.items)).toEqual([1, 2, 3]);
  });
  sentence('does not deliver again what was done', async ({ subject }) => {
    const first = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', ...range(1, 10)));
    for (const delivery of await first.seen.count(10)) {
      delivery.done();
      delivery.done();
    }
    await first.consumer.stop();
    await subject.publish(outgoing(PAYMENT, 'order-1', 11));
    const second = await collect(subject, PAYMENT);
    await second.seen.count(1);
    expect(second.seen.items.map(numberOf)).toEqual([11]);
  });
  sentence('delivers nothing to a consumer that has stopped', async ({ subject }) => {
    const first = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', 1));
    for (const delivery of await first.seen.count(1)) delivery.done();
    await first.consumer.stop();
    await subject.publish(outgoing(PAYMENT, 'order-1', 2));
    const second = await collect(subject, PAYMENT);
    await second.seen.count(1);
    expect(first.seen.items.map(numberOf)).toEqual([1]);
  });
  sentence('takes a done() that comes after stop() without harm, and a second stop()', async ({ subject }) => {
    const first = await collect(subject, PAYMENT);
    await subject.publish(outgoing(PAYMENT, 'order-1', 1, 2));
    const deliveries = await first.seen.count(2);
    await first.consumer.stop();
    await first.consumer.stop();
    for (const delivery of deliveries) delivery.done();
    const second = await collect(subject, PAYMENT);
    expect(ofSaga('order-1', await second.seen.count(2))).toEqual([1, 2]);
  });
}

function ends(sentence: Sentence<MessageBusSubject>): void {
  sentence('refuses everything once it is closed, and may be closed twice', async ({ subject }) => {
    await subject.close();
    await subject.close();
    await expect(subject.publish(outgoing(INBOX, 'order-1', 1))).rejects.toMatchObject({ code: 'bus-closed' });
    await expect(subject.consume(INBOX, () => {})).rejects.toMatchObject({ code: 'bus-closed' });
  });
}
