import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
});
afterEach(() => world.stop());

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

const order = () => sagaOf('order', { reserve: shop, pay: bank });

/** Commands get lost: sagas stay where they are. */
function holdCommands(): void {
  world.bus.loses = ({ address }) => address.to === 'participant';
}

describe('Starting a saga again', () => {
  const input = { total: 3 };

  it('with the same input gives the saga that is there: while it runs, and after it has ended', async () => {
    await worldOf(order());
    holdCommands();
    expect(await world.answered(world.begin('order', '1', input))).toEqual({ accepted: true, revision: 0 });
    expect(await world.answered(world.begin('order', '1', { ...input }))).toEqual({ accepted: true, revision: 1, existing: true });
    await world.restart();
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(await world.answered(world.begin('order', '1', input))).toEqual({ accepted: true, revision: 5, existing: true });
    expect(shop.log).toEqual(['act']);
  });

  it('with another input is refused with both hashes, while it runs and after it has ended', async () => {
    await worldOf(order());
    for (const phase of ['running', 'ended']) {
      if (phase === 'running') holdCommands();
      await world.answered(world.begin('order', phase, input));
      await world.quiet();
      await expect(world.answered(world.begin('order', phase, { total: 4 }))).rejects.toMatchObject({
        code: 'saga-exists',
        details: { sagaId: `order-${phase}`, existing: '{"total":3}', given: '{"total":4}' },
      });
      await world.restart();
    }
  });

  it('many times at the same moment makes one saga; each caller gets an answer of his own', async () => {
    await worldOf(order());
    const answers = await world.answered(Promise.all(Array.from({ length: 20 }, () => world.begin('order', '1', input))));
    expect(answers.filter(({ existing }) => existing !== true)).toHaveLength(1);
    await world.quiet();
    expect([await world.story('order-1'), shop.log]).toEqual([expect.arrayContaining(['SagaCompleted']), ['act']]);
  });

  it('with two inputs in the same batch accepts the first and refuses the second', async () => {
    await worldOf(order());
    const [first, second] = [world.begin('order', '1', { total: 1 }), world.begin('order', '1', { total: 2 })];
    await expect(world.answered(second)).rejects.toMatchObject({ code: 'saga-exists' });
    await expect(first).resolves.toEqual({ accepted: true, revision: 0 });
  });

  it('B25: under the same request id gets the first answer', async () => {
    await worldOf(order());
    await world.answered(world.begin('order', '1', input, { request: 'r' }));
    await world.quiet();
    expect(await world.answered(world.begin('order', '1', input, { request: 'r' }))).toEqual({ accepted: true, revision: 0 });
  });

  it('when another owner started it a moment ago finds it, by the conflict of its append', async () => {
    await worldOf(order());
    const other = new EngineWorld({ name: 'other', bus: () => new InProcessBus(), sagas: world.sagas, store: world });
    await other.start();
    await world.answered(world.begin('order', '1', input));
    await world.quiet();
    expect(await other.answered(other.begin('order', '1', input))).toMatchObject({ existing: true });
    await other.stop();
  });
});

describe('A cancel', () => {
  it('before the pivot turns the saga back; a repeat gets the first answer, another is refused', async () => {
    await worldOf(order());
    bank.on('act', () => {
      void world.cancel('order-1', 'c1').catch(() => {});
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('cancelled');
    expect([shop.log, bank.log]).toEqual([
      ['act', 'undo'],
      ['act', 'undo'],
    ]);
    expect(await world.answered(world.cancel('order-1', 'c1'))).toMatchObject({ accepted: true });
    await expect(world.answered(world.cancel('order-1', 'c2'))).rejects.toMatchObject({
      code: 'saga-ended',
      details: { status: 'cancelled' },
    });
  });

  it('of a saga that does not exist is refused, and leaves nothing behind', async () => {
    await worldOf(order());
    await expect(world.answered(world.cancel('order-7'))).rejects.toMatchObject({ code: 'saga-not-found', details: { sagaId: 'order-7' } });
    expect(await world.events.head()).toBe(0);
  });

  it('past the pivot is refused', async () => {
    await worldOf(sagaOf('order', { reserve: shop, ship: { ask: shop, pivot: true }, bill: bank }));
    world.bus.loses = ({ address }) => address.to === 'participant' && address.participant === 'bank';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const refused = world.answered(world.cancel('order-1'));
    await expect(refused).rejects.toMatchObject({ code: 'past-pivot' });
    await expect(refused).rejects.not.toThrow(/\{\w+\}/);
  });

  it('while the pivot is in flight is pending: its success refuses it', async () => {
    await worldOf(sagaOf('order', { ship: { ask: shop, pivot: true } }));
    let ship = () => {};
    shop.on(
      'act',
      () =>
        new Promise<void>((resolve) => {
          ship = resolve;
        }),
    );
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.answered(world.cancel('order-1', 'c'))).toMatchObject({ pending: true });
    ship();
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    await expect(world.answered(world.cancel('order-1', 'c'))).rejects.toMatchObject({ code: 'past-pivot' });
  });
});

describe('An operator', () => {
  const refused = (code: string) => ({ rejects: { code } });

  async function parked(): Promise<void> {
    await worldOf(sagaOf('order', { reserve: shop, pay: { ask: bank, pivot: true }, ship: { ask: shop, retry: { attempts: 1 } } }));
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new Error('no van');
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('suspended');
  }

  it('retries what is parked, under a new number, and the saga goes on', async () => {
    await parked();
    await world.answered(world.operate('order-1', 'retry', { target: 'step:ship' }));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
  });

  it('succeeds or skips what is parked, with the result he gives', async () => {
    await parked();
    await world.answered(world.operate('order-1', 'succeed', { target: 'step:ship', result: { van: 7 } }));
    expect((await world.state('order-1')).results['ship']).toEqual({ van: 7 });
    expect(await world.status('order-1')).toBe('completed');
  });

  it('gets the first answer again for the same request, and a refusal for what does not fit, with nothing left to fill in', async () => {
    await parked();
    const seen = (await world.state('order-1')).parked.get('step:ship')?.revision ?? 0;
    const asked = [
      [world.operate('order-1', 'retry', { target: 'step:pay' }), refused('not-parked')],
      [world.operate('order-1', 'retry', { target: 'step:ship', seen: seen - 1 }), refused('target-moved')],
      [world.operate('order-1', 'fail', { target: 'step:ship' }), refused('action-not-possible')],
      [world.operate('order-1', 'resume'), refused('not-parked')],
      [world.operate('order-9', 'resume'), refused('saga-not-found')],
    ] as const;
    await world.quiet();
    for (const [answer, { rejects }] of asked) {
      await expect(answer).rejects.toMatchObject(rejects);
      await expect(answer).rejects.not.toThrow(/\{\w+\}/);
    }
    await world.answered(world.operate('order-1', 'suspend'));
    const twice = world.answered(world.operate('order-1', 'suspend'));
    await expect(twice).rejects.toMatchObject({ code: 'action-not-possible' });
    await expect(twice).rejects.not.toThrow(/\{\w+\}/);
    const terminated = await world.answered(world.operate('order-1', 'terminate', { request: 'end' }));
    expect(await world.answered(world.operate('order-1', 'terminate', { request: 'end' }))).toEqual(terminated);
    await expect(world.answered(world.operate('order-1', 'resume'))).rejects.toMatchObject({ code: 'saga-ended' });
  });

  it('who suspends a saga stops its timers; who resumes it starts them again, later by as much', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '10s' } }));
    holdCommands();
    await world.answered(world.begin('order', '1'));
    await world.pass(4_000);
    await world.answered(world.operate('order-1', 'suspend'));
    await world.pass(60_000);
    await world.answered(world.operate('order-1', 'resume'));
    await world.pass(5_999);
    expect(await world.story('order-1')).not.toContain('StepTimedOut');
    await world.pass(1);
    expect(await world.story('order-1')).toContain('StepTimedOut');
  });
});
