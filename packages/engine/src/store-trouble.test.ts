import { afterEach, describe, expect, it } from '@jest/globals';
import { type AppendOutcome, type SagaDefinition, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let order: SagaDefinition;
let world: EngineWorld;
let store: SteeredStore;

async function worldOf(): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
  order = sagaOf('order', { reserve: shop, pay: bank });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

afterEach(() => world.stop());

const FULL = () => Promise.reject(new SkaldError('store-full', { problem: 'disk full' }));
const UNKNOWN: AppendOutcome = { type: 'unknown', error: new Error('connection lost') };

describe('A store in trouble', () => {
  it('I4: callers are told with the code of the store; nothing is published', async () => {
    await worldOf();
    store.onAppend = FULL;
    await expect(world.answered(world.begin('order', '1'))).rejects.toMatchObject({
      code: 'store-full',
      retryable: true,
      details: { problem: 'disk full' },
    });
    expect(world.commands()).toEqual([]);
    store.recover();
    await world.pass(1_000);
    expect(await world.answered(world.begin('order', '1'))).toMatchObject({ revision: 0 });
  });

  it('I4: replies wait, however long it takes, and go through once it can write again', async () => {
    await worldOf();
    bank.on('act', () => {
      store.onAppend = FULL;
      return 'paid';
    });
    await world.answered(world.begin('order', '1'));
    await world.pass(45_000);
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'StepSucceeded', 'StepRequested']);
    store.recover();
    await world.pass(10_000);
    expect(await world.status('order-1')).toBe('completed');
    expect(bank.log).toEqual(['act']);
    expect(world.commands()).toHaveLength(2);
  });

  it('I4: pauses between tries grow, up to ten seconds, and start small again', async () => {
    await worldOf();
    shop.on('act', () => {
      store.onAppend = FULL;
      return undefined;
    });
    await world.answered(world.begin('order', '1'));
    await world.pass(60_000);
    const waits = world.troubles.map(({ what }) => Number(/next try in (\d+) ms/.exec(what)?.[1]));
    expect(waits.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
    store.recover();
    shop.on('act', () => undefined);
    await world.pass(10_000);
    world.troubles.length = 0;
    store.onAppend = FULL;
    await expect(world.answered(world.begin('order', '2'))).rejects.toMatchObject({ code: 'store-full' });
    expect(world.troubles[0]?.what).toContain('next try in 250 ms');
  });

  it('I4: stops at once while it waits for the store', async () => {
    await worldOf();
    store.onAppend = FULL;
    await expect(world.answered(world.begin('order', '1'))).rejects.toMatchObject({ code: 'store-full' });
    await world.stop();
    expect(world.clock.pending).toBe(0);
  });

  it('A8: an append with unknown outcome is repeated with the same bytes, and counted once', async () => {
    await worldOf();
    let lost = 3;
    store.onAppend = async (writes, append) => {
      const outcomes = await append(writes);
      return lost-- > 0 ? writes.map(() => UNKNOWN) : outcomes;
    };
    expect(await world.answered(world.begin('order', '1'), 5_000)).toMatchObject({ accepted: true, revision: 0 });
    expect(new Set(store.appends.slice(0, 4).map((writes) => JSON.stringify(writes))).size).toBe(1);
    await world.quiet();
    expect(await world.story('order-1')).toHaveLength(6);
    expect([shop.log, bank.log]).toEqual([['act'], ['act']]);
  });

  it('A8: an append that stays in doubt is decided anew, on what the stream says', async () => {
    await worldOf();
    let doubts = 0;
    store.onAppend = async (writes, append) => {
      if (doubts === 0) await append(writes);
      return ++doubts <= 6 ? writes.map(() => UNKNOWN) : append(writes);
    };
    expect(await world.answered(world.begin('order', '1'), 5_000)).toMatchObject({ accepted: true, revision: 0 });
    await world.quiet();
    expect(await world.story('order-1')).toHaveLength(6);
  });

  it('a doubtful append of one saga does not undo what was stored of the others in its batch', async () => {
    await worldOf();
    let calls = 0;
    store.onAppend = async (writes, append) => {
      calls += 1;
      if (calls === 1) return (await append(writes)).map((outcome, at) => (at === 0 ? UNKNOWN : outcome));
      if (calls === 2) return FULL();
      return append(writes);
    };
    const [first, second] = [world.begin('order', '1'), world.begin('order', '2')];
    await expect(world.answered(second, 3_000)).resolves.toMatchObject({ revision: 0 });
    await expect(first).resolves.toMatchObject({ revision: 0 });
    await world.quiet();
    expect(await world.index.count()).toEqual({ completed: 2 });
  });
});
