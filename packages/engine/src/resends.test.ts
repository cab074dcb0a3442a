import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Address, Delivery, OwnershipListener } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';

/** A bus that can say that it has lost something. */
class ForgetfulBus extends InProcessBus {
  static owner: OwnershipListener | undefined;

  override consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener) {
    if (address.to === 'inbox') ForgetfulBus.owner = ownership;
    return super.consume(address, deliver, ownership);
  }
}

let shop: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
});
afterEach(() => world.stop());

async function worldOf(timeout: string | number): Promise<void> {
  const [pack, wrap] = [
    { ask: shop, timeout: timeout as '1d' },
    { ask: shop, timeout: timeout as '1d', after: [] },
  ];
  world = new EngineWorld({ bus: () => new ForgetfulBus(), sagas: [sagaOf('order', { pack }), sagaOf('pair', { pack, wrap })] });
  world.participant(shop);
  await world.start();
}

/** Seconds after the start at which commands of this saga were sent. */
function watch(sagaId: string): number[] {
  const times: number[] = [];
  const from = world.clock.now();
  world.bus.beforePublish = (messages) => {
    for (const { message } of messages)
      if (message.kind === 'command' && message.sagaId === sagaId) times.push((world.clock.now() - from) / 1_000);
  };
  return times;
}

describe('A command that is lost', () => {
  it('A1: is sent again after 30 seconds under the same key, however long its step may take', async () => {
    await worldOf('1d');
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    world.bus.loses = () => false;
    await world.pass(29_000);
    expect(shop.log).toEqual([]);
    await world.pass(6_000);
    expect(await world.status('order-1')).toBe('completed');
    expect(new Set(world.commands('order-1').map(({ key, attempt }) => `${key} ${attempt}`)).size).toBe(1);
  });

  it('A1: as is one whose reply was lost; the participant answers from its record', async () => {
    await worldOf('1d');
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'reply';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    world.bus.loses = () => false;
    await world.pass(35_000);
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
  });

  it('Z1: is sent again at longer and longer intervals, 10 minutes at most, and no more once it is answered', async () => {
    await worldOf('1d');
    const times = watch('order-1');
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.pass(3_600_000);
    const pauses = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600, 600, 600]);
    world.bus.loses = () => false;
    await world.pass(600_000);
    expect(await world.status('order-1')).toBe('completed');
    const sent = times.length;
    await world.pass(3_600_000);
    expect(times).toHaveLength(sent);
  });

  it('Z1: is left to its step where that tries again sooner', async () => {
    await worldOf('10s');
    const times = watch('order-1');
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.pass(9_000);
    expect(times).toEqual([0]);
    await world.pass(120_000);
    expect(new Set(world.commands('order-1').map(({ attempt, operation }) => `${operation} ${attempt}`)).size).toBe(
      world.commands('order-1').length,
    );
  });

  it('Z1: takes nothing else of its saga with it that was requested meanwhile', async () => {
    await worldOf('1d');
    world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === 'pack';
    await world.answered(world.begin('pair', '1'));
    await world.quiet();
    expect(shop.log).toEqual(['act']);
    await world.pass(36_000);
    expect(world.commands('pair-1').map(({ step }) => step)).toEqual(['pack', 'wrap', 'pack']);
  });

  it('Z2: of many sagas goes out in portions', async () => {
    await worldOf('1d');
    world.bus.loses = ({ address }) => address.to === 'participant';
    const all = Promise.all(Array.from({ length: 1_200 }, (_, n) => world.begin('order', String(n))));
    await world.answered(all);
    await world.quiet();
    const sent = (): number => world.commands().length - 1_200;
    await world.pass(30_000);
    expect(sent()).toBe(500);
    await world.pass(5_000);
    expect(sent()).toBe(1_000);
    await world.pass(5_000);
    expect(sent()).toBe(1_200);
  });
});

describe('An owner whose inputs were lost before it read them', () => {
  it('A15, O5: sends again at once what the sagas of these partitions owe, and says so', async () => {
    await worldOf('1d');
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'reply';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    world.bus.loses = () => false;
    ForgetfulBus.owner?.missed?.([7]);
    await world.quiet();
    expect([await world.status('order-1'), world.troubles]).toEqual(['running', []]);
    ForgetfulBus.owner?.missed?.([0, 7]);
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
    expect(world.troubles).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ code: 'inputs-missed', details: { partitions: '0' } }) }),
    ]);
  });
});
