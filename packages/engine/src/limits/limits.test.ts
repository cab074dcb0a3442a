import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { evolveLimiter, initialLimiter, isEnded, type LimiterEvent, limitStream, type Outgoing, type SagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, SeededChoices, type SteeredStore, sagaOf, steeredStore, WatchedBus } from '@skald/testkit';
import { decodeEvent } from '../event-codec.js';
import { AFRESH_EVERY, loadLimiter } from './limit-stream.js';

let shop: ScriptedParticipant;
let world: EngineWorld;
let store: SteeredStore;

const limited = (running: number | undefined, more: Partial<SagaDefinition> = {}): SagaDefinition => ({
  ...sagaOf('order', { reserve: { ask: shop, timeout: '1h' } }, running === undefined ? {} : { limits: { running } }),
  ...more,
});

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  world = new EngineWorld({ bus: holdingBus, sagas, store: steered });
  world.participant(shop);
  await world.start();
}

async function begin(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    await world.answered(world.begin('order', `${n}`));
    await world.pass(1);
  }
}

/** Commands get lost until the test says otherwise: who runs, stays. */
let isHeld = false;
function holdingBus(): WatchedBus {
  const bus = new WatchedBus(new InProcessBus());
  bus.loses = ({ address }) => isHeld && address.to === 'participant';
  return bus;
}
const hold = (): void => {
  isHeld = true;
};
const release = (): void => {
  isHeld = false;
};

/** From one event of any saga to the next: how many held a slot at the same time, at most; and in which order they got one. */
async function slotsOf(saga: string): Promise<{ readonly most: number; readonly order: readonly string[] }> {
  const holders = new Set<string>();
  const order: string[] = [];
  let most = 0;
  for (const recorded of await store.readAll(0, 1_000_000)) {
    if (!recorded.stream.startsWith(`${saga}-`)) continue;
    const { type } = decodeEvent(recorded);
    if (type === 'SlotGranted') {
      holders.add(recorded.stream);
      order.push(recorded.stream);
    } else if (/^Saga(Completed|Compensated|Failed|Cancelled|Terminated)$/.test(type)) holders.delete(recorded.stream);
    most = Math.max(most, holders.size);
  }
  return { most, order };
}

const counts = () => world.index.count();

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  release();
});
afterEach(() => world.stop());

describe('B23: a saga of which only so many may run', () => {
  it('waits, for everybody to see, and runs when another has ended: first come, first served', async () => {
    await worldOf(limited(2));
    hold();
    await begin(0, 6);
    expect(await counts()).toEqual({ running: 2, throttled: 4 });
    expect((await world.index.list({ status: ['throttled'] })).sagas.map(({ sagaId }) => sagaId)).toEqual(
      [5, 4, 3, 2].map((n) => `order-${n}`),
    );
    expect(await world.story('order-5')).toEqual(['SagaStarted']);
    release();
    await world.restart();
    await world.quiet();
    expect(await counts()).toEqual({ completed: 6 });
    const { most, order } = await slotsOf('order');
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5].map((n) => `order-${n}`));
  });

  it('begins nothing before it has a slot, and asks its own code nothing', async () => {
    let asked = 0;
    const guarded = sagaOf('order', { reserve: { ask: shop, when: () => ++asked > 0 } }, { limits: { running: 1 } });
    await worldOf(guarded);
    hold();
    await begin(0, 3);
    expect(asked).toBe(1);
  });

  it('can be cancelled, terminated, suspended and outlived by its deadline while it waits; its place is the next one’s then', async () => {
    await worldOf({ ...limited(1), deadline: 60_000 });
    hold();
    await begin(0, 6);
    await world.answered(world.cancel('order-1'));
    await world.answered(world.operate('order-2', 'terminate'));
    await world.answered(world.operate('order-3', 'suspend'));
    expect(await counts()).toEqual({ running: 1, throttled: 2, cancelled: 1, terminated: 1, suspended: 1 });
    await world.pass(60_010);
    expect(await world.story('order-4')).toEqual(['SagaStarted', 'DeadlinePassed', 'CompensationStarted', 'SagaFailed']);
    expect((await slotsOf('order')).most).toBe(1);
  });

  it('keeps its slot while it is suspended, and gives it back when it ends', async () => {
    await worldOf(limited(1));
    hold();
    await begin(0, 2);
    await world.answered(world.operate('order-0', 'suspend'));
    await world.pass(120_000);
    expect(await counts()).toEqual({ suspended: 1, throttled: 1 });
    await world.answered(world.operate('order-0', 'terminate'));
    await world.quiet();
    expect(await counts()).toEqual({ terminated: 1, running: 1 });
  });

  it('is not held up by one of another name', async () => {
    await worldOf(limited(1), sagaOf('free', { reserve: shop }), sagaOf('other', { reserve: shop }, { limits: { running: 1 } }));
    hold();
    await begin(0, 3);
    for (const [nth, name] of ['free', 'free', 'other'].entries()) await world.answered(world.begin(name, `${nth}`));
    expect(await counts()).toEqual({ running: 4, throttled: 2 });
  });
});

describe('B23: a limit', () => {
  it.each([
    ['higher', 4, { running: 4, throttled: 2 }],
    ['gone', undefined, { running: 6 }],
    ['lower', 1, { running: 2, throttled: 4 }],
  ])('that is %s in another deployment holds from its start', async (_what, running, expected) => {
    await worldOf(limited(2));
    hold();
    await begin(0, 6);
    world.sagas = [limited(running)];
    await world.restart();
    await world.quiet();
    expect(await counts()).toEqual(expected);
    release();
    await world.restart();
    await world.quiet();
    expect(await counts()).toEqual({ completed: 6 });
  });

  it('is kept whatever is lost of what is said about it: it is looked from time to time', async () => {
    await worldOf(limited(2));
    const chance = new SeededChoices(7);
    const isAboutSlots = ({ message }: Outgoing): boolean =>
      message.kind === 'input' && (message.input.type === 'slot' || message.input.type === 'limit');
    world.bus.loses = (message) => isAboutSlots(message) && chance.pick(3) > 0;
    await begin(0, 25);
    for (let minutes = 0; minutes < 60 && (await counts()).completed !== 25; minutes++) await world.pass(60_000);
    expect(await counts()).toEqual({ completed: 25 });
    expect((await slotsOf('order')).most).toBeLessThanOrEqual(2);
  });

  it('is kept over restarts in the middle, and everybody has their turn', async () => {
    await worldOf(limited(3));
    const chance = new SeededChoices(3);
    world.bus.loses = ({ address }) => address.to === 'participant' && chance.pick(2) === 0;
    for (let round = 0; round < 8; round++) {
      await begin(round * 5, round * 5 + 5);
      await world.restart();
      world.bus.loses = ({ address }) => address.to === 'participant' && chance.pick(2) === 0;
      await world.quiet();
    }
    release();
    await world.restart();
    await world.quiet();
    expect(await counts()).toEqual({ completed: 40 });
    expect((await slotsOf('order')).most).toBe(3);
  });

  it('is kept where a write fails, is refused, or was stored though nobody knows', async () => {
    await worldOf(limited(2));
    const trouble = new SeededChoices(5);
    const fates = { failed: 0, refused: 0, unknown: 0 };
    store.onAppend = async (writes, append) => {
      const isLimit = writes.some(({ stream }) => stream === 'limit-order');
      const fate = isLimit ? (['stored', 'failed', 'refused', 'unknown'] as const)[trouble.pick(4)] : 'stored';
      if (fate === undefined || fate === 'stored') return append(writes);
      fates[fate] += 1;
      if (fate === 'failed') throw new Error('the disk is full');
      if (fate === 'refused') return writes.map(() => ({ type: 'conflict', actual: 99 }));
      await append(writes);
      return writes.map(() => ({ type: 'unknown', error: new Error('no answer') }));
    };
    for (let n = 0; n < 30; n++) void world.begin('order', `${n}`);
    await world.quiet();
    for (let n = 0; n < 200 && (await counts()).completed !== 30; n++) await world.pass(2_000);
    expect(await counts()).toEqual({ completed: 30 });
    expect((await slotsOf('order')).most).toBeLessThanOrEqual(2);
    expect(Math.min(...Object.values(fates))).toBeGreaterThan(2);
  });

  it('is kept by two owners who both believe that it is theirs', async () => {
    await worldOf(limited(2));
    const { clock, index } = world;
    const options = { name: 'other', clock, bus: () => new InProcessBus(), sagas: [limited(2)], store: { events: store, index } };
    const other = new EngineWorld(options);
    for (const participant of world.participants) other.participant(participant);
    await other.start();
    for (let n = 0; n < 40; n++) void (n % 2 === 0 ? world : other).begin('order', `${n}`);
    for (let n = 0; n < 40 && (await counts()).completed !== 40; n++) {
      await other.quiet();
      await world.pass(31_000);
    }
    expect(await counts()).toEqual({ completed: 40 });
    expect((await slotsOf('order')).most).toBeLessThanOrEqual(2);
    await other.stop();
  });

  it('costs few writes: a batch of sagas is asked for, granted and given back together', async () => {
    await worldOf(limited(10_000));
    for (let n = 0; n < 2_000; n++) void world.begin('order', `${n}`);
    await world.quiet();
    expect(await counts()).toEqual({ completed: 2_000 });
    const { state } = await loadLimiter(store, limitStream('order'));
    expect(state.revision).toBeLessThan(60);
    expect(state.holders.size).toBe(0);
  });

  it('has a limiter that is no saga: it is in no list, and what is asked of it as of one is refused', async () => {
    await worldOf(limited(1));
    await begin(0, 1);
    expect(await world.index.get('limit-order')).toBeUndefined();
    await expect(world.answered(world.operate('limit-order', 'terminate'))).rejects.toMatchObject({ code: 'saga-not-found' });
    await expect(world.history('limit-order')).rejects.toMatchObject({ code: 'saga-not-found' });
    await world.restart();
    expect(await world.index.count()).toEqual({ completed: 1 });
  });
});

describe('The record of a limit', () => {
  it('says afresh from time to time who holds a slot, and is read from there', async () => {
    await worldOf(limited(3));
    for (let n = 0; n < 2 * AFRESH_EVERY; n++) {
      void world.begin('order', `${n}`);
      await world.quiet();
    }
    hold();
    await begin(10_000, 10_005);
    let read = 0;
    store.onRead = (_stream, events) => {
      read += events.length;
      return events;
    };
    const { state, afresh } = await loadLimiter(store, limitStream('order'));
    store.recover();
    const whole = initialLimiter();
    for (const recorded of await store.read(limitStream('order'), { limit: 1_000_000 }))
      evolveLimiter(whole, decodeEvent(recorded) as unknown as LimiterEvent);
    expect(state).toEqual(whole);
    expect([...state.holders.keys()].sort()).toEqual([10_000, 10_001, 10_002].map((n) => `order-${n}`));
    expect(afresh).toBeGreaterThan(2 * AFRESH_EVERY);
    expect(read).toBeLessThan(3.5 * AFRESH_EVERY);
    expect(isEnded('throttled')).toBe(false);
  }, 60_000);
});
