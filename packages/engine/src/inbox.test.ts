import { afterEach, describe, expect, it } from '@jest/globals';
import { type AppendOutcome, type SagaDefinition, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, MemoryEventStore, MemorySagaIndex, ScriptedParticipant, SteeredStore, sagaOf } from '@skald/testkit';
import type { EngineOptions } from './engine.js';
import { encodeEvents } from './event-codec.js';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let order: SagaDefinition;
let world: EngineWorld;
let store: SteeredStore;

async function worldOf(engine: Partial<EngineOptions> = {}): Promise<EngineWorld> {
  const index = new MemorySagaIndex();
  store = new SteeredStore(new MemoryEventStore(index));
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
  order = sagaOf('order', { reserve: shop, pay: bank });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: { events: store, index }, engine });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
  return world;
}

/** A second owner of the same store, with the same participants; what they remember they share. */
async function anotherOwner(): Promise<EngineWorld> {
  const { clock, index } = world;
  const other = new EngineWorld({ name: 'other', clock, bus: () => new InProcessBus(), sagas: [order], store: { events: store, index } });
  for (const participant of world.participants) other.participant(participant);
  await other.start();
  return other;
}

afterEach(() => world.stop());

const FULL = () => Promise.reject(new SkaldError('store-full', { problem: 'disk full' }));
const UNKNOWN: AppendOutcome = { type: 'unknown', error: new Error('connection lost') };

describe('The inbox', () => {
  it('I1: a saga runs to its end, and all of it is in the store', async () => {
    await worldOf();
    expect(await world.answered(world.begin('order', '1'))).toEqual({ accepted: true, revision: 0 });
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'StepSucceeded', 'StepRequested', 'StepSucceeded', 'SagaCompleted']);
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

  it('I2: when the bus refuses what was decided, it is sent later, and callers hear of it', async () => {
    await worldOf();
    const { bus } = world;
    bus.beforePublish = (messages) => {
      if (messages.some(({ message }) => message.kind === 'command')) throw new SkaldError('bus-closed');
    };
    const refused = world.answered(world.begin('order', '1'));
    await expect(refused).rejects.toMatchObject({ code: 'bus-closed' });
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested']);
    bus.beforePublish = () => {};
    expect(await world.answered(world.begin('order', '1'), 1_000)).toMatchObject({ existing: true });
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
    expect(world.troubles.length).toBeGreaterThan(1);
    world.bus.beforePublish = () => {};
    expect(await world.answered(begun, 1_000)).toMatchObject({ accepted: true });
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
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

  it('an append with unknown outcome is repeated with the same bytes, and counted once', async () => {
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

  it('an append that stays in doubt is decided anew, on what the stream says', async () => {
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

describe('Two owners of one store', () => {
  /** Somebody else writes to the saga, behind the back of its owner. */
  async function writeBehind(sagaId: string, changes: { readonly head: string; readonly revision: number }): Promise<void> {
    const events = encodeEvents([{ type: 'DeadlinePassed', at: world.clock.now(), data: { pastPivot: false } }], 'wake', changes.head);
    await store.append([{ stream: sagaId, expectedRevision: changes.revision, events }]);
  }

  async function tail(sagaId: string): Promise<{ head: string; revision: number }> {
    const last = (await store.read(sagaId)).at(-1);
    return { head: last?.hash ?? sagaId, revision: last?.revision ?? -1 };
  }

  it('I3: after a conflict the state is read again and the input decided anew', async () => {
    await worldOf();
    let meanwhile: Promise<void> | undefined;
    shop.on('act', async () => {
      meanwhile ??= writeBehind('order-1', await tail('order-1'));
      await meanwhile;
      return 'reserved';
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const story = await world.story('order-1');
    // The other's deadline turns it back: decided on what stands there, the reservation that was reported is undone.
    expect(story.slice(0, 4)).toEqual(['SagaStarted', 'StepRequested', 'DeadlinePassed', 'StepSucceeded']);
    expect(story.at(-1)).toBe('SagaCompensated');
    expect(shop.log).toEqual(['act', 'undo']);
  });

  it('I3: an input that a stale state would refuse or drop is decided on the newer one', async () => {
    await worldOf();
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    const other = await anotherOwner();
    await other.answered(other.operate('order-1', 'suspend'));
    await expect(world.answered(world.operate('order-1', 'suspend'))).rejects.toMatchObject({ code: 'action-not-possible' });
    await world.answered(world.operate('order-1', 'resume'));
    await expect(other.answered(other.operate('order-1', 'resume'))).rejects.toMatchObject({ code: 'not-parked' });
    await other.stop();
  });

  it('I3: two orchestrators that work on the same sagas at the same time break nothing, and effects are made once', async () => {
    await worldOf();
    const other = await anotherOwner();
    for (let n = 0; n < 50; n++) {
      const answers = await Promise.allSettled([
        world.answered(world.begin('order', `${n}`, { n }, { request: `a${n}` })),
        other.answered(other.begin('order', `${n}`, { n }, { request: `b${n}` })),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    }
    await world.quiet();
    await other.quiet();
    expect(await world.index.count()).toEqual({ completed: 50 });
    for (let n = 0; n < 50; n++) expect((await world.story(`order-${n}`)).filter((type) => type === 'SagaCompleted')).toHaveLength(1);
    await other.stop();
  });
});
