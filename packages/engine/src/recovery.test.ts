import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Address, OwnershipListener, SagaDefinition, StepData } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let world: EngineWorld;
let store: SteeredStore;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
});
afterEach(() => world.stop());

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas, store: steered });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

const throwing = () => {
  throw new Error('no');
};

function loseCommands(): void {
  world.bus.loses = ({ address }) => address.to === 'participant';
}

describe('After a restart', () => {
  it('every owed command is sent again, and only those', async () => {
    await worldOf(sagaOf('order', { reserve: shop, pay: bank }), sagaOf('held', { reserve: { ask: shop, run: throwing } }));
    await world.answered(world.begin('order', 'done'));
    await world.answered(world.begin('held', '1'));
    loseCommands();
    for (let n = 0; n < 1_200; n++) void world.begin('order', `${n}`);
    await world.quiet();
    shop.calls.length = 0;
    await world.restart();
    await world.quiet();
    expect(world.recovered).toBe(1_200);
    expect(await world.index.count()).toEqual({ completed: 1_201, suspended: 1 });
    expect(shop.calls).toHaveLength(1_200);
    await world.restart();
    await world.quiet();
    expect([world.recovered, world.commands()]).toEqual([0, []]);
  });

  it('a command whose action was carried out, but whose reply was lost, is answered from the fence', async () => {
    await worldOf(sagaOf('order', { reserve: shop }));
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'reply';
    shop.on('act', (_input, nth) => nth);
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    await world.restart();
    await world.quiet();
    expect([await world.status('order-1'), shop.log]).toEqual(['completed', ['act']]);
    expect((await world.state('order-1')).results['reserve']).toBe(1);
  });

  it('an interrupted compensation goes on where it stood', async () => {
    await worldOf(sagaOf('order', { reserve: shop, pay: bank }));
    bank.on('act', () => {
      loseCommands();
      throw Object.assign(new Error('declined'), { business: true });
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('compensating');
    await world.restart();
    await world.quiet();
    expect([await world.status('order-1'), shop.log]).toEqual(['compensated', ['act', 'undo']]);
  });

  it('what is owed is sent again later when the index cannot be read at first; one that stops meanwhile leaves no alarm', async () => {
    await worldOf(sagaOf('order', { reserve: shop }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    const { index } = world;
    const owing = index.owing.bind(index);
    index.owing = () => Promise.reject(new Error('locked'));
    await world.restart();
    expect([world.recovered, world.troubles.length]).toEqual([0, 1]);
    await world.stop();
    expect(world.clock.pending).toBe(0);
    await world.restart();
    index.owing = owing;
    await world.pass(2_000);
    expect(await world.status('order-1')).toBe('completed');
  });

  it('A9, V2: what is owed is sent again once, however many inputs come', async () => {
    await worldOf(sagaOf('order', { a: { ask: shop, after: [] }, b: { ask: bank, after: [] } }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    await world.restart();
    loseCommands();
    await world.quiet();
    for (let n = 0; n < 5; n++) await world.answered(world.begin('order', '1'));
    expect(world.commands().map(({ step }) => step)).toEqual(['a', 'b']);
  });

  it('A9, V2: with fewer states at hand than sagas are under way nothing is sent twice', async () => {
    const steered = steeredStore();
    store = steered.events;
    const saga = sagaOf('order', { a: { ask: shop, after: [] }, b: { ask: bank, after: [] }, c: { ask: shop, after: ['a', 'b'] } });
    world = new EngineWorld({
      bus: () => new InProcessBus(),
      sagas: [saga],
      store: steered,
      engine: { cachedSagas: 2, inboxBatch: 1 },
    });
    for (const participant of [shop, bank]) world.participant(participant);
    await world.start();
    await Promise.all(Array.from({ length: 15 }, (_, n) => world.begin('order', `${n}`)));
    await world.quiet();
    expect(await world.index.count()).toEqual({ completed: 15 });
    expect(world.commands()).toHaveLength(45);
  });
});

describe('A version that is not deployed', () => {
  it('A17: suspends its sagas; where it is deployed they go on by themselves, each from where it stood', async () => {
    const declined: StepData = { id: 'pay', run: () => bank.command('act') };
    const compensation = { name: 'release', run: () => shop.command('act', 'release') };
    const old = sagaOf('order', { reserve: { ask: shop, compensation }, pay: { ask: bank, ...declined } });
    const newer = { ...sagaOf('order', { reserve: shop }), version: 2 };
    await worldOf(old);
    loseCommands();
    await world.answered(world.begin('order', 'forward'));
    await world.answered(world.begin('order', 'back'));
    await world.answered(world.cancel('order-back'));
    world.sagas = [newer];
    await world.restart();
    await world.quiet();
    expect((await world.index.list({ status: ['suspended'] })).sagas.map(({ error }) => error?.split(':')[0])).toEqual([
      'version-not-deployed',
      'version-not-deployed',
    ]);
    world.sagas = [newer, old];
    await world.restart();
    await world.quiet();
    expect([await world.status('order-forward'), await world.status('order-back')]).toEqual(['completed', 'cancelled']);
  });

  it('goes on where it is deployed also when its partition is taken over later, as in a rolling deployment', async () => {
    let ownership: OwnershipListener | undefined;
    class PartitionedBus extends InProcessBus {
      readonly partitioning = { count: 2, of: () => 1 };
      override consume(address: Address, deliver: Parameters<InProcessBus['consume']>[1], listener?: OwnershipListener) {
        ownership = listener ?? ownership;
        return super.consume(address, deliver, listener);
      }
    }
    const old = sagaOf('order', { reserve: shop });
    const steered = steeredStore();
    world = new EngineWorld({ bus: () => new PartitionedBus(), sagas: [{ ...old, version: 2 }], store: steered });
    world.participant(shop);
    await world.start();
    ownership?.assigned([1]);
    await world.answered(world.begin('order', '1', {}, { version: 1 }));
    expect(await world.status('order-1')).toBe('suspended');
    world.sagas = [old, { ...old, version: 2 }];
    await world.restart();
    await world.quiet();
    expect(await world.status('order-1')).toBe('suspended');
    ownership?.assigned([1]);
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
  });

  it('does not resume what is suspended for another reason, and one unreadable history keeps nobody from starting', async () => {
    const broken = sagaOf('broken', { reserve: { ask: shop, run: throwing } });
    const order = sagaOf('order', { reserve: shop });
    await worldOf(order, broken);
    await world.answered(world.begin('broken', '1'));
    world.sagas = [];
    await world.restart();
    await world.answered(world.begin('order', '1'));
    await world.answered(world.begin('order', '2'));
    world.sagas = [order, broken];
    store.onRead = (stream, events) => (stream === 'order-1' ? events.map((event) => ({ ...event, data: '{' })) : events);
    await world.restart();
    await world.quiet();
    expect(await world.index.count()).toEqual({ suspended: 2, completed: 1 });
    expect(world.troubles).toContainEqual(
      expect.objectContaining({ sagaId: 'order-1', error: expect.objectContaining({ code: 'history-unreadable' }) }),
    );
    expect(await world.story('broken-1')).toHaveLength(2);
  });
});
