import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type Command, type SagaDefinition, type StepData } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let truck: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  dock = new ScriptedParticipant('dock');
  truck = new ScriptedParticipant('truck');
});
afterEach(async () => {
  await world.stop();
});

const shipping = (more: Partial<StepData> = {}) =>
  sagaOf('ship', { pack: dock, load: { ask: dock, ...more } }, { result: () => 'shipped' });
const starts = (more: Partial<NonNullable<Command['child']>> = {}, input: unknown = { order: 1 }) => ({
  ask: dock,
  run: () => startOf('ship', input, more),
});
const order = (child: Partial<StepData> = {}, more: Parameters<typeof sagaOf>[2] = {}) =>
  sagaOf('order', { charge: shop, ship: { ...starts(), ...child }, close: shop }, more);
const CHILD = 'ship-order-1.id1.ship';

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, dock, truck]) world.participant(participant);
  await world.start();
}

async function begun(...sagas: readonly SagaDefinition[]): Promise<void> {
  await worldOf(...(sagas.length > 0 ? sagas : [order(), shipping()]));
  await world.answered(world.begin('order', '1'));
}

async function lawful(...ids: readonly string[]): Promise<void> {
  expect(await world.brokenLaws(...ids)).toEqual([]);
}

describe('A child whose parent says itself how it is undone', () => {
  const compensation = { name: 'fetch back', run: () => truck.command('act', 'back') };

  it('has that asked of whom it names, when the child is known to have completed, also past its pivot', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('closed');
    });
    await begun(order({ compensation }), shipping({ pivot: true }));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['compensated', 'completed']);
    expect([truck.log, shop.log, dock.log]).toEqual([['act'], ['act', 'act', 'undo'], ['act', 'act']]);
    await lawful('order-1', CHILD);
  });

  it('waits for the end of a child that runs when the saga turns back, and asks for nothing where it has failed', async () => {
    for (const fails of [false, true]) {
      await worldOf(order({ compensation }), shipping());
      dock.on('act', (_input, nth) => {
        if (fails && nth % 2 === 0) throw new BusinessError('no');
      });
      const goOn = world.closed('dock', (nth) => nth > 1);
      await world.answered(world.begin('order', '1'));
      await world.answered(world.cancel('order-1'));
      expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['compensating', 'running']);
      await goOn();
      expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['cancelled', fails ? 'compensated' : 'completed']);
      expect(truck.log).toEqual(['act']);
      await lawful('order-1', CHILD);
      await world.stop();
    }
  });

  it('asks a participant, never a saga: the step waits for a person, who is told why', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('closed');
    });
    const saga = sagaOf('order', { charge: { ask: shop, compensation: { name: 'return', run: () => startOf('ship') } }, close: shop });
    await begun(saga, shipping());
    expect([...(await world.state('order-1')).parked]).toMatchObject([
      ['compensation:charge', { error: { name: 'not-a-command', message: expect.stringContaining('returned a saga to undo it') } }],
    ]);
    expect(await world.index.list({ saga: 'ship' })).toMatchObject({ sagas: [] });
  });
});
