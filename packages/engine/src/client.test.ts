import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, BusMessage, InboxMessage } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { SequentialIds, VirtualClock, WatchedBus } from '@skald/testkit';
import { Client } from './client.js';

let bus: WatchedBus;
let clock: VirtualClock;
let client: Client;
/** What reached the inbox. */
let heard: InboxMessage[];

beforeEach(async () => {
  bus = new WatchedBus(new InProcessBus());
  clock = new VirtualClock();
  client = new Client(bus, clock, new SequentialIds(), { repeatAfter: 5_000, giveUpAfter: 30_000 });
  heard = [];
  await bus.consume({ to: 'inbox' }, (batch) => {
    for (const delivery of batch) {
      heard.push(delivery.message as InboxMessage);
      delivery.done();
    }
  });
  await client.start();
});
afterEach(() => client.stop());

const question = { type: 'cancel', request: 'r1', reason: 'a reason', by: 'a person' } as const;

async function answer(given: Answer, request = 'r1'): Promise<void> {
  const message: BusMessage = { kind: 'answer', sagaId: 'order-1', request, answer: given };
  await bus.publish([{ address: { to: 'client', client: heard[0]?.client ?? '' }, message }]);
  await clock.advance(0);
}

describe('A client', () => {
  it('asks once and resolves with the answer', async () => {
    const asked = client.ask('order-1', question);
    await clock.advance(0);
    await answer({ accepted: true, revision: 4 });
    await expect(asked).resolves.toEqual({ accepted: true, revision: 4 });
    expect(heard).toEqual([{ kind: 'input', sagaId: 'order-1', input: question, client: 'id-1' }]);
    expect(clock.pending).toBe(0);
  });

  it('rejects with the code and the details of a refusal', async () => {
    const asked = client.ask('order-1', question);
    await clock.advance(0);
    const expected = expect(asked).rejects.toMatchObject({ code: 'saga-ended', details: { sagaId: 'order-1', status: 'completed' } });
    await answer({ accepted: false, code: 'saga-ended', details: { status: 'completed' } });
    await expected;
  });

  it('B25: asks again under the same request id until it is answered', async () => {
    const asked = client.ask('order-1', question);
    await clock.advance(12_000);
    expect(heard).toHaveLength(3);
    expect(new Set(heard.map((message) => JSON.stringify(message))).size).toBe(1);
    await answer({ accepted: true, revision: 1 });
    await asked;
    await clock.advance(60_000);
    expect(heard).toHaveLength(3);
  });

  it('gives up with timed-out, which is retryable', async () => {
    const expected = expect(client.ask('order-1', question)).rejects.toMatchObject({
      code: 'timed-out',
      retryable: true,
      details: { milliseconds: 30_000 },
    });
    await clock.advance(30_000);
    await expected;
    expect(clock.pending).toBe(0);
  });

  it('gives everybody who asks the same at the same time the answer', async () => {
    const asked = [client.ask('order-1', question), client.ask('order-1', question), client.ask('order-1', { ...question, request: 'r2' })];
    await clock.advance(0);
    await answer({ accepted: true, revision: 1 });
    await expect(asked[0]).resolves.toMatchObject({ revision: 1 });
    await expect(asked[1]).resolves.toMatchObject({ revision: 1 });
    await answer({ accepted: true, revision: 2 }, 'r2');
    await expect(asked[2]).resolves.toMatchObject({ revision: 2 });
  });

  it('ignores answers that nobody waits for', async () => {
    const asked = client.ask('order-1', question);
    await clock.advance(0);
    await answer({ accepted: true, revision: 9 }, 'other');
    await answer({ accepted: true, revision: 1 });
    await answer({ accepted: true, revision: 9 });
    await expect(asked).resolves.toMatchObject({ revision: 1 });
  });

  it('rejects with app-stopped what is under way when it stops, and what comes later', async () => {
    const asked = client.ask('order-1', question);
    const expected = expect(asked).rejects.toMatchObject({ code: 'app-stopped' });
    await client.stop();
    await expected;
    await expect(client.ask('order-1', question)).rejects.toMatchObject({ code: 'app-stopped' });
    expect(clock.pending).toBe(0);
  });

  it('rejects when the bus does not take the question', async () => {
    bus.beforePublish = () => {
      throw new Error('the broker is gone');
    };
    await expect(client.ask('order-1', question)).rejects.toThrow('the broker is gone');
  });
});
