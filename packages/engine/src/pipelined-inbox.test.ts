import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MessageBus, type Outgoing, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';

/** A bus whose produces take as long as the test wants. */
class SlowBus extends InProcessBus {
  isSlow = false;
  readonly pending: { readonly messages: readonly Outgoing[]; go(): void }[] = [];

  override async publish(messages: readonly Outgoing[]): Promise<void> {
    const isCommands = messages.some(({ message }) => message.kind === 'command');
    if (this.isSlow && isCommands) await new Promise<void>((go) => this.pending.push({ messages, go }));
    return super.publish(messages);
  }
}

let shop: ScriptedParticipant;
let store: SteeredStore;
let bus: SlowBus;
let world: EngineWorld;

beforeEach(async () => {
  shop = new ScriptedParticipant('shop');
  const steered = steeredStore();
  store = steered.events;
  const newBus = (): MessageBus => {
    bus = new SlowBus();
    return bus;
  };
  world = new EngineWorld({
    bus: newBus,
    sagas: [sagaOf('order', { reserve: shop, pay: shop })],
    store: steered,
    engine: { inboxBatches: 4 },
  });
  world.participant(shop);
  await world.start();
});
afterEach(async () => {
  bus.isSlow = false;
  for (const { go } of bus.pending.splice(0)) go();
  store.recover();
  await world.stop();
});

describe('While a batch is on its way', () => {
  it('I1: others are decided and stored, and the inputs of its own sagas wait', async () => {
    bus.isSlow = true;
    const first = world.begin('order', '1');
    await world.quiet();
    const cancelled = world.cancel('order-1');
    const second = world.begin('order', '2');
    await world.quiet();
    expect([await world.story('order-1'), await world.story('order-2')]).toEqual(Array(2).fill(['SagaStarted', 'StepRequested']));
    expect(bus.pending).toHaveLength(2);
    bus.isSlow = false;
    for (const { go } of bus.pending.splice(0)) go();
    await world.answered(Promise.all([first, second, cancelled]));
    await world.quiet();
    expect((await world.story('order-1')).slice(0, 3)).toEqual(['SagaStarted', 'StepRequested', 'CancelRequested']);
    expect(await world.status('order-2')).toBe('completed');
  });

  it('I2: one that is through before it is answered before it', async () => {
    bus.isSlow = true;
    const first = world.begin('order', '1');
    await world.quiet();
    const second = world.begin('order', '2');
    await world.quiet();
    bus.pending.splice(1, 1)[0]?.go();
    expect(await world.answered(second)).toMatchObject({ accepted: true });
    let isAnswered = false;
    void first.then(() => {
      isAnswered = true;
    });
    await world.quiet();
    expect(isAnswered).toBe(false);
    for (const { go } of bus.pending.splice(0)) go();
    await world.answered(first);
  });

  it('I4: nothing new is begun while the store fails, and all goes on when it does not', async () => {
    let tries = 0;
    store.onAppend = async () => {
      tries += 1;
      throw new SkaldError('store-failed', { problem: 'gone' });
    };
    const wake = (sagaId: string) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } }) as const;
    const start = { type: 'start', saga: 'order', version: 1, incarnation: 'i', input: {}, inputHash: 'h' } as const;
    const starting = (id: string): Outgoing => ({
      address: { to: 'inbox' },
      message: { kind: 'input', sagaId: `order-${id}`, input: { ...start, request: id, sagaId: `order-${id}` } },
    });
    await world.bus.publish([starting('1')]);
    await world.quiet();
    for (let id = 2; id <= 9; id++) {
      await world.bus.publish([starting(String(id)), wake(`order-${id}`)]);
      await world.quiet();
    }
    expect(tries).toBe(1);
    store.recover();
    await world.pass(250);
    await world.quiet();
    expect(await world.index.count()).toEqual({ completed: 9 });
  });
});
