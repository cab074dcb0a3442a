import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SagaIndex, SagaSummary } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import {
  EngineWorld,
  MemoryEventStore,
  MemorySagaIndex,
  ScriptedParticipant,
  type SteeredStore,
  sagaOf,
  steeredStore,
} from '@skald/testkit';
import { catchUpIndex } from './rebuild-index.js';

let world: EngineWorld;
let store: SteeredStore;

/** Sagas that completed, failed, were undone, stand parked, held, and are under way. */
beforeEach(async () => {
  const shop = new ScriptedParticipant('shop');
  const bank = new ScriptedParticipant('bank').on('act', (input) => {
    const { n } = input as { readonly n: number };
    if (n % 5 === 1) throw Object.assign(new Error('declined'), { business: true });
    if (n % 5 === 2) throw new Error('out of order');
    // Takes its time, so that the last event is later than what the index was told last.
    return new Promise((resolve) => world.clock.at(world.clock.now() + 100, () => resolve(undefined)));
  });
  const steered = steeredStore();
  store = steered.events;
  const order = sagaOf('order', {
    reserve: shop,
    pay: { ask: bank, pivot: true, retry: { attempts: 2, delay: '10s' } },
    pack: { ask: shop, timeout: '1h' },
  });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
  world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === 'pack' && message.sagaId.endsWith('4');
  for (let n = 0; n < 40; n++) {
    await world.answered(world.begin('order', `${n}`, { n }));
    await world.pass(700);
  }
  await world.answered(world.operate('order-4', 'suspend'));
  await world.pass(1_000);
});
afterEach(() => world.stop());

async function rows(index: SagaIndex): Promise<Map<string, SagaSummary>> {
  const { sagas } = await index.list({ limit: 1_000 });
  return new Map(sagas.map((summary) => [summary.sagaId, summary]));
}

/** The same rows, but that the older may be early. */
async function expectSame(before: ReadonlyMap<string, SagaSummary>): Promise<void> {
  const after = await rows(world.index);
  expect(new Set(after.keys())).toEqual(new Set(before.keys()));
  for (const [sagaId, { dueAt, ...rest }] of before) {
    const now = after.get(sagaId);
    expect(now).toMatchObject(rest);
    if (dueAt === undefined || now?.dueAt === undefined) expect(now?.dueAt).toBe(dueAt);
    else expect(dueAt).toBeLessThanOrEqual(now.dueAt);
  }
  expect(await world.index.position()).toBe(await store.head());
}

describe('An index that was lost', () => {
  it('is made anew from the events, with the same rows', async () => {
    const before = await rows(world.index);
    expect(new Set([...before.values()].map(({ status }) => status))).toEqual(
      new Set(['completed', 'compensated', 'suspended', 'running']),
    );
    await world.index.clear();
    expect(await catchUpIndex(store, world.index)).toBe(await store.head());
    await expectSame(before);
    expect(await catchUpIndex(store, world.index)).toBe(0);
  });

  it('is brought up to date by a start', async () => {
    const before = await rows(world.index);
    await world.stop();
    await world.index.clear();
    await world.restart();
    await expectSame(before);
  });

  it('that is behind by any number of events is completed, from the streams where it saw a part', async () => {
    const before = await rows(world.index);
    const head = await store.head();
    for (let behind = 1; behind < head; behind += 7) {
      const older = new MemorySagaIndex();
      const upTo = head - behind;
      const all = await store.readAll(0, upTo);
      const part = new MemoryEventStore();
      for (const event of all) await part.append([{ stream: event.stream, expectedRevision: event.revision - 1, events: [event] }]);
      await catchUpIndex(part, older);
      await world.index.clear();
      await world.index.put([...(await rows(older)).values()], upTo);
      expect(await catchUpIndex(store, world.index)).toBe(behind);
      await expectSame(before);
    }
  });

  it('that is ahead of the store belongs to another, and is made anew', async () => {
    const before = await rows(world.index);
    await world.index.put([{ ...[...before.values()][0], sagaId: 'order-alien' } as SagaSummary], (await store.head()) + 5);
    await catchUpIndex(store, world.index);
    await expectSame(before);
  });

  it('leaves out a saga that cannot be read, says so once, and has all others', async () => {
    const before = await rows(world.index);
    store.onRead = (stream, events) => (stream === 'order-3' ? events.map((event) => ({ ...event, data: '{' })) : events);
    await world.index.clear();
    const told: string[] = [];
    await catchUpIndex(store, world.index, { troubled: (_what, _error, sagaId) => void told.push(sagaId ?? '') });
    expect(told).toEqual(['order-3']);
    before.delete('order-3');
    await expectSame(before);
  });

  it('F4: leaves out what another Skald wrote under a prefix that this store is not given', async () => {
    const both = new MemoryEventStore();
    for (const prefix of ['', 'theirs.']) {
      for (const event of await store.readAll(0, 10_000)) {
        await both.append([{ stream: `${prefix}${event.stream}`, expectedRevision: event.revision - 1, events: [event] }]);
      }
    }
    const told: string[] = [];
    const index = new MemorySagaIndex();
    await catchUpIndex(both, index, { troubled: (_what, _error, stream) => void told.push(stream ?? '') });
    expect([...(await rows(index)).keys()].sort()).toEqual([...(await rows(world.index)).keys()].sort());
    expect(told).toHaveLength(new Set(told).size);
    expect(new Set(told)).toEqual(
      new Set((await both.readAll(0, 100_000)).flatMap(({ stream }) => (stream.startsWith('theirs.') ? [stream] : []))),
    );
  });
});
