import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type Operator, type SagaDefinition, type StepData } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  dock = new ScriptedParticipant('dock');
});
afterEach(() => world.stop());

const shipping = () => sagaOf('ship', { pack: dock, load: dock }, { result: () => 'shipped' });
/** Past its pivot when it starts the child, unless it is told otherwise. */
const order = (child: Partial<StepData> = {}, pivot = false) =>
  sagaOf('order', { charge: { ask: shop, pivot }, ship: { ask: dock, run: () => startOf('ship', { order: 1 }), ...child }, close: shop });
const CHILD = 'ship-order-1.id1.ship';

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, dock]) world.participant(participant);
  await world.start();
}

const operate = async (action: Operator['action'], more: Parameters<EngineWorld['operate']>[2] = {}, sagaId = 'order-1') => {
  await world.answered(world.operate(sagaId, action, more));
  await world.quiet();
};

async function lawful(): Promise<void> {
  expect(await world.brokenLaws()).toEqual([]);
}

describe('A person who steers a child', () => {
  it('and cancels it, fails the step that waits for it, by a name that a retry policy may know', async () => {
    for (const retries of [false, true]) {
      await worldOf(order(retries ? { retry: { attempts: 2, delay: 10, jitter: 0, on: ['ChildCancelled'] } } : {}), shipping());
      const open = world.closed('dock');
      await world.answered(world.begin('order', '1'));
      await world.answered(world.cancel(CHILD));
      await open();
      await world.pass(1_000);
      expect(await world.last('order-1', 'StepFailed')).toMatchObject({
        kind: 'business',
        effect: 'none',
        error: { name: 'ChildCancelled' },
      });
      expect(await world.status(CHILD)).toBe('cancelled');
      if (retries) expect(await world.statuses('order-1', `${CHILD}.2`)).toEqual(['completed', 'completed']);
      else expect(await world.statuses('order-1')).toEqual(['compensated']);
      await lawful();
      if (!retries) await world.stop();
    }
  });

  it('and suspends it, keeps its parent waiting; resumed, it goes on where it stood', async () => {
    await worldOf(order(), shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    await operate('suspend', {}, CHILD);
    await open();
    expect(await world.statuses('order-1', CHILD)).toEqual(['running', 'suspended']);
    await operate('resume', {}, CHILD);
    expect(await world.statuses('order-1', CHILD)).toEqual(['completed', 'completed']);
    await lawful();
  });
});

describe('A person who steers a parent', () => {
  it('and holds it, does not hold its child, whose end is recorded and followed when it is resumed', async () => {
    await worldOf(order(), shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    await operate('suspend');
    await open();
    expect(await world.statuses('order-1', CHILD)).toEqual(['suspended', 'completed']);
    expect(shop.log).toEqual(['act']);
    await operate('resume');
    expect(await world.statuses('order-1')).toEqual(['completed']);
    await lawful();
  });

  it('and terminates it, leaves its children to themselves: one that runs goes on, and nobody hears of its end', async () => {
    await worldOf(order(), shipping());
    const open = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    await operate('terminate');
    await open();
    expect(await world.statuses('order-1', CHILD)).toEqual(['terminated', 'completed']);
    expect([await world.story('order-1'), dock.log]).toEqual([expect.not.arrayContaining(['CompensationStarted']), ['act', 'act']]);
    await lawful();
  });

  describe('past its pivot, whose child has failed,', () => {
    beforeEach(async () => {
      let isBroken = true;
      dock.on('act', (input) => {
        if (isBroken && (input as { order: number }).order === 1) throw Object.assign(new BusinessError('no truck'), { name: 'NoTruck' });
      });
      await worldOf(order({ retry: { attempts: 1 } }, true), shipping());
      await world.answered(world.begin('order', '1'));
      expect([...(await world.state('order-1')).parked]).toMatchObject([['step:ship', { error: { name: 'NoTruck' } }]]);
      isBroken = false;
    });

    it('and asks again, starts another one', async () => {
      await operate('retry', { target: 'step:ship' });
      expect(await world.statuses('order-1', CHILD, `${CHILD}.2`)).toEqual(['completed', 'failed', 'completed']);
      expect((await world.state('order-1')).results).toMatchObject({ ship: 'shipped' });
      await lawful();
    });

    it('and asks again with another input, starts another one with that', async () => {
      await world.answered(
        world.client.ask('order-1', {
          ...{ type: 'operator', request: 'patch', action: 'patch', target: 'step:ship', by: 'a person', reason: 'a reason' },
          args: [{ order: 2 }],
        }),
      );
      expect(await world.statuses('order-1', `${CHILD}.2`)).toEqual(['completed', 'completed']);
      expect((await world.state(`${CHILD}.2`)).input).toEqual({ order: 2 });
      await lawful();
    });

    it('and skips it, goes on without; or says what it came to, goes on with that', async () => {
      await operate('succeed', { target: 'step:ship', result: 'by hand' });
      expect(await world.statuses('order-1')).toEqual(['completed']);
      expect((await world.state('order-1')).results).toMatchObject({ ship: 'by hand' });
      await lawful();
    });
  });

  it('past its pivot, whose child was terminated, may start another one, or say how it stands', async () => {
    for (const how of ['retry', 'patch', 'skip'] as const) {
      await worldOf(order({ retry: { attempts: 1 } }, true), shipping());
      const open = world.closed('dock');
      await world.answered(world.begin('order', '1'));
      await operate('terminate', {}, CHILD);
      expect([...(await world.state('order-1')).parked]).toMatchObject([['step:ship', { error: { name: 'ChildTerminated' } }]]);
      await open();
      const ask = { type: 'operator', request: 'r', target: 'step:ship', by: 'a person', reason: 'a reason' } as const;
      await world.answered(world.client.ask('order-1', { ...ask, action: how, ...(how === 'patch' && { args: [{ order: 2 }] }) }));
      await world.quiet();
      expect([how, ...(await world.statuses('order-1', CHILD))]).toEqual([how, 'completed', 'terminated']);
      if (how !== 'skip') expect(await world.statuses(`${CHILD}.2`)).toEqual(['completed']);
      await lawful();
      if (how !== 'skip') await world.stop();
    }
  });
});
