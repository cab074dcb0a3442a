import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, canonicalJson, type SagaDefinition, type StepData, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';
import { sha256 } from './event-codec.js';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  dock = new ScriptedParticipant('dock');
});
afterEach(() => world.stop());

/** Patient, so that what is lost on the way does not fail it. */
const shipping = () => sagaOf('ship', { pack: { ask: dock, timeout: '1d' }, load: dock }, { result: () => 'shipped' });
const order = (child: Partial<StepData> = {}) =>
  sagaOf('order', { charge: shop, ship: { ask: dock, run: () => startOf('ship'), ...child }, close: shop });
const CHILD = 'ship-order-1.id1.ship';

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, dock]) world.participant(participant);
  await world.start();
}

async function family(): Promise<ReadonlyMap<string, string>> {
  expect(await world.brokenLaws()).toEqual([]);
  const { sagas } = await world.index.list({ limit: 1_000 });
  return new Map(sagas.map(({ sagaId, status }) => [sagaId, status]));
}

describe('A child', () => {
  it('is found by an ordinary start of its id with its input, and keeps off one with another', async () => {
    await worldOf(order(), shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    const again = (input: unknown) => {
      const identity = { sagaId: CHILD, saga: 'ship', version: 1, incarnation: 'another', input, inputHash: sha256(canonicalJson(input)) };
      return world.answered(world.client.ask(CHILD, { type: 'start', request: world.ids.unique(), ...identity }));
    };
    expect(await again({})).toMatchObject({ existing: true });
    await expect(again({ another: true })).rejects.toMatchObject({ code: 'saga-exists' });
    await open();
    expect(await family()).toEqual(
      new Map([
        ['order-1', 'completed'],
        [CHILD, 'completed'],
      ]),
    );
  });

  it('that is an express saga where it is started by itself runs as a standard one, whose parent waits for it', async () => {
    await worldOf(order(), sagaOf('ship', { pack: dock, load: dock }, { mode: 'express' }));
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    expect(await world.status(CHILD)).toBe('running');
    await open();
    expect(await family()).toEqual(
      new Map([
        ['order-1', 'completed'],
        [CHILD, 'completed'],
      ]),
    );
  });

  it('turns back no later than its parent, when the deadline of both passes', async () => {
    await worldOf({ ...order(), deadline: 3_600_000 }, shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    await world.pass(3_700_000);
    await open();
    const ends = await family();
    expect([ends.get('order-1'), await world.story(CHILD)]).toEqual(['compensated', expect.arrayContaining(['DeadlinePassed'])]);
    // What it had asked for by then came too late to be begun.
    expect([ends.get(CHILD), dock.log, shop.log]).toEqual(['failed', [], ['act', 'undo']]);
  });

  it('keeps the deadline that it was started with when its parent gets more time: a person moves it, too', async () => {
    await worldOf({ ...order(), deadline: 3_600_000 }, shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    const { startedAt } = await world.state('order-1');
    for (const sagaId of ['order-1', CHILD]) {
      const by = { by: 'a person', reason: 'they may have longer' };
      await world.answered(
        world.client.ask(sagaId, { type: 'operator', request: sagaId, action: 'deadline', dueAt: startedAt + 7_200_000, ...by }),
      );
    }
    await world.pass(3_700_000);
    await open();
    expect(await family()).toEqual(
      new Map([
        ['order-1', 'completed'],
        [CHILD, 'completed'],
      ]),
    );
  });
});

describe('A family', () => {
  it('of many generations completes from the leaf up, and is undone from the top down', async () => {
    const GENERATIONS = 24;
    for (const isDeclined of [false, true]) {
      dock.on('act', () => {
        if (isDeclined) throw new BusinessError('the leaf is rotten');
      });
      const tree = sagaDefinition({
        ...{ name: 'tree', version: 1 },
        steps: [
          { id: 'note', run: (input) => shop.command('act', input) },
          {
            id: 'grow',
            run: ({ left }: { left: number }) => (left > 0 ? startOf('tree', { left: left - 1 }) : dock.command('act', { left })),
          },
        ],
      });
      shop.calls.length = 0;
      await worldOf(tree);
      await world.answered(world.begin('tree', 'top', { left: GENERATIONS - 1 }));
      await world.quiet();
      const ends = await family();
      expect([ends.size, ...new Set(ends.values())]).toEqual([GENERATIONS, isDeclined ? 'compensated' : 'completed']);
      const undone = Array(isDeclined ? GENERATIONS : 0).fill('undo');
      expect(shop.log).toEqual([...Array(GENERATIONS).fill('act'), ...undone]);
      expect(Math.max(...[...ends.keys()].map(({ length }) => length))).toBeLessThanOrEqual('tree-'.length + 200);
      await world.stop();
    }
    await worldOf(shipping());
  });

  it('of a map is asked for so many at a time, waits for its slots, and is undone where one fails', async () => {
    for (const fails of [undefined, 17]) {
      dock.on('act', (input) => {
        if ((input as { item: number }).item === fails) throw new BusinessError('too heavy');
      });
      const parcels = sagaDefinition({
        ...{ name: 'order', version: 1 },
        steps: [
          {
            ...{ kind: 'map', id: 'ship', concurrency: 6, each: () => ({ items: Array.from({ length: 24 }, (_, item) => item), run }) },
          },
        ],
        result: (_input, { results }) => results['ship'],
      });
      const run = (item: number) => startOf('ship', { item });
      await worldOf(parcels, sagaOf('ship', { pack: dock }, { limits: { running: 2 }, result: (input) => input.item }));
      await world.answered(world.begin('order', '1'));
      await world.quiet();
      const ends = await family();
      const { end } = await world.state('order-1');
      if (fails === undefined) {
        expect(new Set(ends.values())).toEqual(new Set(['completed']));
        expect(end?.data).toEqual({ output: Array.from({ length: 24 }, (_, item) => item) });
      } else {
        expect(ends.get('order-1')).toBe('compensated');
        expect([...ends].filter(([id, status]) => id.startsWith('ship-') && status === 'completed')).toEqual([]);
        expect(dock.log.filter((one) => one === 'undo')).toHaveLength(dock.log.filter((one) => one === 'act').length - 24 - 1);
      }
      await world.stop();
    }
    await worldOf(shipping());
  });
});
