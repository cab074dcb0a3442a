import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type Address,
  BusinessError,
  checkLaws,
  type Delivery,
  type MessageBus,
  type OwnershipListener,
  type SagaDefinition,
  SkaldError,
} from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';

/** A bus on which the starts can be taken away from their owner, and which counts those that are acknowledged. */
class RevocableBus extends InProcessBus {
  listener: OwnershipListener | undefined;
  acknowledged = 0;

  override consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener) {
    if (address.to !== 'express') return super.consume(address, deliver, ownership);
    this.listener = ownership;
    return super.consume(address, (batch) => deliver(batch.map((delivery) => this.counted(delivery))), ownership);
  }

  private counted(delivery: Delivery): Delivery {
    const done = (): void => {
      this.acknowledged += 1;
      delivery.done();
    };
    return { ...delivery, message: delivery.message, done };
  }
}

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let store: SteeredStore;
let world: EngineWorld;
let bus: RevocableBus;

const order: () => SagaDefinition = () => sagaOf('order', { reserve: shop, pay: bank }, { mode: 'express' });

beforeEach(async () => {
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
  const steered = steeredStore();
  store = steered.events;
  const newBus = (): MessageBus => {
    bus = new RevocableBus();
    return bus;
  };
  world = new EngineWorld({ bus: newBus, sagas: [order()], store: steered });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
});
afterEach(async () => {
  store.recover();
  await world.stop();
});

const failing = async (): Promise<never> => {
  throw new SkaldError('store-failed', { problem: 'gone' });
};

function holdPay(): void {
  world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === 'pay';
}

/** What it came to, or the code of why not. */
async function outcome(start: ReturnType<EngineWorld['begin']>): Promise<string | undefined> {
  return start.then(
    ({ ending }) => ending?.status,
    (error: SkaldError) => error.code,
  );
}

describe('An express saga whose process dies', () => {
  it('X1, X2: promises nothing; the same start runs it again under the same keys, and nothing happens twice', async () => {
    holdPay();
    const first = outcome(world.begin('order', '1', { total: 3 }));
    await world.quiet();
    store.onAppend = failing;
    await world.restart();
    expect(await first).toBe('app-stopped');
    expect(await world.index.count()).toEqual({});
    store.recover();
    expect(await world.answered(world.begin('order', '1', { total: 3 }))).toMatchObject({ ending: { status: 'completed' } });
    expect(shop.log).toEqual(['act']);
    expect(bank.log).toEqual(['act']);
    expect(new Set(world.commands().map(({ key }) => key)).size).toBe(2);
  });

  it('X1: has its start acknowledged when its end is stored, and not before', async () => {
    store.onAppend = failing;
    const ended = outcome(world.begin('order', '1'));
    await world.quiet();
    expect([bank.log, bus.acknowledged]).toEqual([['act'], 0]);
    store.recover();
    await world.pass(1_000);
    expect([await ended, bus.acknowledged]).toEqual(['completed', 1]);
  });

  it('after it had turned back does not do what is undone once more', async () => {
    bank.on('act', () => {
      throw new BusinessError('no money');
    });
    store.onAppend = failing;
    const first = outcome(world.begin('order', '1'));
    await world.quiet();
    expect(shop.log).toEqual(['act', 'undo']);
    await world.restart();
    await first;
    store.recover();
    expect(await outcome(world.begin('order', '1'))).toBe('failed');
    expect(shop.log).toEqual(['act', 'undo']);
  });

  it('X3: or rather is stopped goes on as a standard saga at the next start', async () => {
    holdPay();
    const first = outcome(world.begin('order', '1'));
    await world.quiet();
    await world.restart();
    await world.quiet();
    await first;
    expect(world.recovered).toBe(1);
    expect(await world.status('order-1')).toBe('completed');
    expect(checkLaws(await world.history('order-1'))).toEqual([]);
    expect(shop.log).toEqual(['act']);
  });
});

describe('A store that fails', () => {
  it('at the end of an express saga is tried again; nobody is answered before', async () => {
    store.onAppend = failing;
    let answer: unknown;
    const asked = world.begin('order', '1').then((given) => {
      answer = given;
    });
    await world.quiet();
    expect(bank.log).toEqual(['act']);
    expect(answer).toBeUndefined();
    store.recover();
    await world.answered(asked, 1_000);
    expect(answer).toMatchObject({ ending: { status: 'completed' } });
    expect(world.troubles.map(({ what }) => what)).toContainEqual(expect.stringMatching(/cannot be stored or told/));
    expect(shop.log).toEqual(['act']);
  });

  it('when a saga is looked up lets the start wait', async () => {
    store.onRead = () => {
      throw new SkaldError('store-failed', { problem: 'gone' });
    };
    const asked = world.begin('order', '1');
    await world.quiet();
    expect(shop.log).toEqual([]);
    store.recover();
    expect(await world.answered(asked, 1_000)).toMatchObject({ ending: { status: 'completed' } });
  });
});

describe('A bus that fails', () => {
  it('gets the commands again', async () => {
    let refusals = 2;
    world.bus.beforePublish = (messages) => {
      if (messages.some(({ message }) => message.kind === 'command') && refusals-- > 0) throw new Error('no broker');
    };
    expect(await world.answered(world.begin('order', '1'), 5_000)).toMatchObject({ ending: { status: 'completed' } });
  });

  it('for one message for good makes its saga a standard one that is suspended, and stops no other', async () => {
    world.bus.beforePublish = (messages) => {
      if (messages.some(({ message }) => message.kind === 'command' && message.sagaId === 'order-bad')) {
        throw new SkaldError('message-refused', { sagaId: 'order-bad', topic: 'shop', problem: 'too large' });
      }
    };
    expect(await outcome(world.begin('order', 'bad'))).toBeUndefined();
    expect(await outcome(world.begin('order', 'good'))).toBe('completed');
    expect(await world.status('order-bad')).toBe('suspended');
  });
});

describe('The starts of express sagas', () => {
  it('A16: are acknowledged also where their answer cannot be sent: else they would hold up all that come after them', async () => {
    await world.answered(world.begin('order', '1'));
    expect(bus.acknowledged).toBe(1);
    let fails = 1;
    world.bus.beforePublish = (messages) => {
      if (messages.some(({ message }) => message.kind === 'answer') && fails-- > 0) throw new Error('the broker is gone');
    };
    // It is there already; this answer is lost, and the caller asks again.
    const again = world.begin('order', '1');
    await world.pass(1_000);
    expect(bus.acknowledged).toBe(2);
    await world.pass(5_000);
    expect(await again).toMatchObject({ existing: true });
  });

  it('A16: are answered that the end cannot be told where it is too large, and hold up no other', async () => {
    const text = 'x'.repeat(10_000);
    shop.on('act', () => text);
    world.bus.beforePublish = (messages) => {
      const large = messages.find(({ message }) => message.kind === 'answer' && JSON.stringify(message).includes(text));
      if (large) throw new SkaldError('message-refused', { sagaId: large.message.sagaId, topic: 'clients', problem: 'too large' });
    };
    expect(await outcome(world.begin('order', '1'))).toBe('message-refused');
    expect([await world.status('order-1'), bus.acknowledged]).toEqual(['completed', 1]);
  });
});

describe('An express saga that two processes run', () => {
  it('X5: is dropped where its start is another owner’s now', async () => {
    holdPay();
    const input = {
      type: 'start',
      request: 'r',
      sagaId: 'order-1',
      saga: 'order',
      version: 1,
      incarnation: 'i',
      input: {},
      inputHash: 'h',
    } as const;
    const start = { kind: 'input', sagaId: 'order-1', input } as const;
    await world.bus.publish([{ address: { to: 'express' }, message: start }]);
    await world.quiet();
    expect(shop.log).toEqual(['act']);
    bus.listener?.revoked([0]);
    await world.bus.publish([{ address: { to: 'express' }, message: { ...start, sagaId: 'order-2' } }]);
    world.bus.loses = () => false;
    await world.pass(70_000);
    expect(bank.log).toEqual([]);
    expect(shop.log).toEqual(['act']);
  });

  it('G3: tells the end that is on record', async () => {
    const { clock, index } = world;
    const other = new EngineWorld({
      name: 'other',
      clock,
      bus: () => new InProcessBus(),
      sagas: [order()],
      store: { events: store, index },
    });
    for (const participant of world.participants) other.participant(participant);
    await other.start();
    let meanwhile: Promise<unknown> | undefined;
    shop.on('act', () => 'reserved');
    bank.on('act', async () => {
      meanwhile ??= other.begin('order', '1', { total: 3 });
    });
    const answers = await world.answered(Promise.all([world.begin('order', '1', { total: 3 }), other.quiet()]), 1_000);
    await world.answered(meanwhile ?? Promise.resolve(), 1_000);
    expect(answers[0].ending).toEqual({ status: 'completed', output: { reserve: 'reserved' } });
    expect(await world.history('order-1')).toHaveLength(1);
    expect(shop.log).toEqual(['act']);
    expect(bank.log).toEqual(['act']);
    await other.stop();
  });
});
