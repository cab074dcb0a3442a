import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { CommandMessage, Delivery, Outcome } from '@skald/kernel';
import { KafkaBus } from '@skald/message-bus-kafka';
import { whyNoJava } from './kafka-broker.js';
import { until } from './kafka-load.js';
import { LoyaltyProcess } from './loyalty-process.js';

const brokers = process.env['KAFKA_BROKERS'];
const whyNot = brokers === undefined ? (process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set') : whyNoJava();
if (whyNot !== undefined && process.env['CI'] === 'true') throw new Error(`CI runs the participant in Java, but there is ${whyNot}`);

interface Order {
  readonly id: string;
  readonly points: number;
  readonly amount: number;
}

@Participant('payment')
class Payment {
  constructor(private readonly done: string[]) {}

  @SagaStep({ compensation: 'release' })
  async reserve(id: string) {
    this.done.push(`reserve ${id}`);
  }

  async release(id: string) {
    this.done.push(`release ${id}`);
  }

  async charge({ id, amount }: { readonly id: string; readonly amount: number }) {
    if (amount > 100) throw new BusinessError('the card was declined');
    this.done.push(`charge ${id}`);
    return { paymentId: `p-${id}` };
  }
}

interface Loyalty {
  award(order: { readonly points: number }): Promise<{ readonly points: number }>;
}

const payment = participant<Payment>('payment');
const loyalty = participant<Loyalty>('loyalty');
const quickly = { timeout: '5s', retry: { attempts: 20, delay: '100ms', maxDelay: '1s' } } as const;
const order = defineSaga<Order>({ name: 'order', version: 1 })
  .step('reserve', { ...quickly, run: ({ id }) => payment.reserve(id) })
  .step('award', { ...quickly, run: ({ points }) => loyalty.award({ points }) })
  .step('charge', { ...quickly, run: ({ id, amount }) => payment.charge({ id, amount }) })
  .done();

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

/** Its topics are there before it starts: it creates none. */
async function openLoyalty(
  prefix: string,
): Promise<{ readonly process: LoyaltyProcess; readonly bus: () => Promise<KafkaBus>; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'skald-foreign-'));
  cleanUp.push(async () => rmSync(folder, { recursive: true, force: true }));
  const bus = () =>
    KafkaBus.connect({
      kafka: { brokers: (brokers ?? '').split(','), clientId: 'test' },
      prefix,
      topics: { inboxPartitions: 4, partitions: 4 },
      log: () => {},
    });
  const first = await bus();
  expect(await first.deadLetters({ to: 'participant', participant: 'loyalty' })).toEqual([]);
  await first.close();
  const process = new LoyaltyProcess(brokers ?? '', prefix, folder);
  process.start();
  cleanUp.push(() => process.kill());
  return { process, bus, folder };
}

function commandOf(key: string, operation: CommandMessage['operation'], more: Partial<CommandMessage> = {}): CommandMessage {
  const place = { sagaId: 'probe-1', incarnation: 'i', step: 'award', round: 1, attempt: 1, purpose: 'step', undoRound: 0 } as const;
  const what = { participant: 'loyalty', action: 'award', args: [{ points: 10 }], firstRequestedAt: Date.now(), dueAt: Date.now() + 5_000 };
  return { ...place, key, operation, ...what, ...more };
}

(whyNot === undefined ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('a participant in Java, on the raw protocol', () => {
  it('A14: takes part in sagas with one in TypeScript: goes on, is undone, refuses, and outlives its own death', async () => {
    const { process: java, bus, folder } = await openLoyalty(`foreign-${randomUUID()}`);
    const done: string[] = [];
    const store = () => openSqliteStore({ file: join(folder, 'sagas.db') });
    const app = await Skald.connect({ bus, store, fenceFile: join(folder, 'fence.db') })
      .sagas(order)
      .participants(Payment)
      .inject((container) => container.bind(Payment).toConstantValue(new Payment(done)))
      .start();
    cleanUp.push(() => app.stop());
    const end = async (id: string, points: number, amount: number) =>
      (await app.sagas.start(order, { id, points, amount }, { id })).ended();
    const completed = await end('1', 10, 50);
    expect(completed).toMatchObject({ status: 'completed', output: { award: { points: 10 }, charge: { paymentId: 'p-1' } } });
    expect(await end('2', 20, 500)).toMatchObject({ status: 'compensated', reason: expect.stringContaining('declined') });
    expect(await end('3', 5_000, 50)).toMatchObject({ status: 'compensated', reason: expect.stringContaining('5000 points are too many') });
    expect(java.records().map(({ key, outcome }) => [key.split('/')[0], outcome.type, outcome.executed])).toEqual([
      ['order-1', 'succeeded', undefined],
      ['order-2', 'succeeded', undefined],
      ['order-2', 'undone', true],
      ['order-3', 'failed', undefined],
    ]);
    expect(done).toEqual(['reserve 1', 'charge 1', 'reserve 2', 'release 2', 'reserve 3', 'release 3']);

    await java.kill();
    const waiting = end('4', 40, 500);
    java.start();
    expect(await waiting).toMatchObject({ status: 'compensated' });
    expect(
      java
        .records()
        .filter(({ key }) => key.startsWith('order-4/'))
        .map(({ outcome }) => outcome.type),
    ).toEqual(['succeeded', 'undone']);
  });

  it('keeps the table of the protocol, also from before its death, and lays what it cannot read with the dead letters', async () => {
    const { process: java, bus: open } = await openLoyalty(`foreign-${randomUUID()}`);
    const bus = await open();
    cleanUp.push(() => bus.close());
    const outcomes = new Map<number, Outcome>();
    await bus.consume({ to: 'inbox' }, (batch: readonly Delivery[]) => {
      for (const { message } of batch)
        if (message.kind === 'input' && message.input.type === 'reply') outcomes.set(message.input.attempt, message.input.outcome);
    });
    let asked = 0;
    /** Each under a number of its own: who died before acknowledging what it answered answers once more. */
    const ask = async (...[key, operation, more]: Parameters<typeof commandOf>): Promise<unknown> => {
      const attempt = ++asked;
      const message = { kind: 'command', sagaId: 'probe-1', command: commandOf(key, operation, { ...more, attempt }) } as const;
      await bus.publish([{ address: { to: 'participant', participant: 'loyalty' }, message }]);
      await until(() => outcomes.has(attempt));
      return outcomes.get(attempt);
    };
    const undo = (round: number) => ({ undoRound: round, purpose: 'compensation' }) as const;
    const awarded = { type: 'succeeded', result: { points: 10 } };
    expect([await ask('a', 'action'), await ask('a', 'action'), await ask('a', 'seal')]).toEqual([awarded, awarded, awarded]);
    expect(await ask('a', 'compensation', undo(1))).toEqual({ type: 'undone', executed: true });
    expect(await ask('b', 'compensation', undo(1))).toEqual({ type: 'undone', executed: false });
    expect(await ask('b', 'action')).toEqual({ type: 'refused', reason: 'undone' });
    expect([await ask('c', 'seal'), await ask('c', 'action')]).toEqual([{ type: 'sealed' }, { type: 'refused', reason: 'sealed' }]);
    await java.kill();
    java.start();
    expect(await ask('a', 'action')).toEqual({ type: 'refused', reason: 'undone' });
    expect(await ask('a', 'compensation', undo(1))).toEqual({ type: 'undone', executed: true });
    expect(await ask('a', 'seal')).toEqual({ type: 'sealed' });
    expect(await ask('c', 'compensation', undo(1))).toEqual({ type: 'undone', executed: false });
    expect(await ask('d', 'action', { firstRequestedAt: 1 })).toEqual({ type: 'unknowable' });
    expect(await ask('e', 'action', { args: [{ points: 1_001 }] })).toMatchObject({ type: 'failed', kind: 'business' });
    await bus.publish([
      {
        address: { to: 'participant', participant: 'loyalty' },
        message: { kind: 'command', sagaId: 'probe-1', command: commandOf('f', 'action', { args: [] }) },
      },
    ]);
    const address = { to: 'participant', participant: 'loyalty' } as const;
    await until(async () => (await bus.deadLetters(address)).length === 1);
    expect((await bus.deadLetters(address))[0]).toMatchObject({ reason: 'invalid-member', topic: expect.stringContaining('loyalty') });
    expect(await ask('a', 'seal')).toEqual({ type: 'sealed' });
  });
});
