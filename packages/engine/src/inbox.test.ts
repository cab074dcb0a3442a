import { afterEach, describe, expect, it } from '@jest/globals';
import { type SagaDefinition, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import type { EngineOptions } from './engine.js';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let order: SagaDefinition;
let world: EngineWorld;
let store: SteeredStore;

async function worldOf(engine: Partial<EngineOptions> = {}): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
  order = sagaOf('order', { reserve: shop, pay: bank });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered, engine });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

afterEach(() => world.stop());

describe('The inbox', () => {
  it('I1: a saga runs to its end, and all of it is in the store', async () => {
    await worldOf();
    expect(await world.answered(world.begin('order', '1'))).toEqual({ accepted: true, revision: 0 });
    await world.quiet();
    expect(await world.story('order-1')).toEqual([
      'SagaStarted',
      'StepRequested',
      'StepSucceeded',
      'StepRequested',
      'StepSucceeded',
      'SagaCompleted',
    ]);
    expect(world.moves.at(-1)).toBe('order-1 completed');
    expect(world.troubles).toEqual([]);
  });

  it('I1: a thousand sagas that start at once are stored in few writes', async () => {
    await worldOf();
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => world.begin('order', `${n}`)));
    await world.quiet();
    expect(await world.index.count()).toEqual({ completed: 1_000 });
    expect(store.appends.length).toBeLessThan(12);
  });

  it('I1, T1: nothing is published and nobody answered before the events that say so are stored', async () => {
    await worldOf();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.onAppend = async (writes, append) => {
      await held;
      return append(writes);
    };
    let isAnswered = false;
    const begun = world.begin('order', '1').then(() => {
      isAnswered = true;
    });
    await world.quiet();
    expect([world.commands(), isAnswered]).toEqual([[], false]);
    release();
    await world.quiet();
    await begun;
    expect(await world.status('order-1')).toBe('completed');
  });

  it('I1: the inputs of one saga in one batch are decided one after the other and stored as one write', async () => {
    await worldOf();
    const answers = [world.begin('order', '1'), world.cancel('order-1', 'c1'), world.cancel('order-1', 'c1')];
    expect(await world.answered(Promise.all(answers))).toMatchObject([{ accepted: true }, { accepted: true }, { accepted: true }]);
    expect(store.appends[0]).toHaveLength(1);
    await world.quiet();
    expect(await world.status('order-1')).toBe('cancelled');
  });

  it('B25, I2: when the bus refuses what was decided, it is sent later, and no caller is refused what is stored', async () => {
    await worldOf();
    const { bus } = world;
    bus.beforePublish = (messages) => {
      if (messages.some(({ message }) => message.kind === 'command')) throw new SkaldError('bus-closed');
    };
    const begun = world.begin('order', '1');
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested']);
    expect(bus.published.filter(({ message }) => message.kind === 'answer')).toEqual([]);
    bus.beforePublish = () => {};
    expect(await world.answered(begun, 1_000)).toEqual({ accepted: true, revision: 0 });
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
  });

  it('I2: when the bus takes nothing at all, no input is lost and the inbox lives on', async () => {
    await worldOf();
    shop.on('act', () => 'reserved');
    world.bus.beforePublish = (messages) => {
      if (messages.some(({ address }) => address.to !== 'inbox')) throw new Error('the broker is gone');
    };
    const begun = world.begin('order', '1');
    await world.quiet();
    expect(world.troubles).toHaveLength(1);
    world.bus.beforePublish = () => {};
    expect(await world.answered(begun, 1_000)).toMatchObject({ accepted: true });
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
  });

  it('B25, B27: an answer to a caller is sent once and owed by nobody: whoever did not get it asks again under the same id', async () => {
    await worldOf();
    const answers = () => world.bus.published.filter(({ message }) => message.kind === 'answer').length;
    world.bus.loses = ({ message }) => message.kind === 'answer';
    const begun = world.begin('order', '1', {}, { request: 'r' });
    await world.quiet();
    expect(answers()).toBe(1);
    await world.restart();
    await expect(begun).rejects.toMatchObject({ code: 'app-stopped' });
    await world.pass(3_600_000);
    expect([await world.status('order-1'), answers()]).toEqual(['completed', 0]);
    expect(await world.answered(world.begin('order', '1', {}, { request: 'r' }))).toEqual({ accepted: true, revision: 0 });
    expect(answers()).toBe(1);
  });

  it('tells observers of an end that was stored in a batch that failed afterwards', async () => {
    await worldOf();
    let again: Promise<unknown> | undefined;
    bank.on('act', () => {
      // In one batch with the reply that ends the saga: the answer to this cannot be sent.
      again ??= world.begin('order', '1');
      world.bus.beforePublish = (messages) => {
        if (messages.some(({ address }) => address.to === 'client')) throw new Error('the broker is gone');
      };
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect([await world.status('order-1'), world.moves.includes('order-1 completed')]).toEqual(['completed', false]);
    world.bus.beforePublish = () => {};
    await world.pass(1_000);
    expect(world.moves).toContain('order-1 completed');
    await expect(again).resolves.toMatchObject({ existing: true });
  });

  it('an observer that throws stops nothing and is a trouble like others', async () => {
    const broken = {
      moved: () => {
        throw new Error('out of order');
      },
    };
    await worldOf({ observers: [broken] });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(new Set(world.troubles.map(({ what }) => what))).toEqual(new Set(['an observer threw']));
  });
});
