import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, checkLaws, fold, type SagaData, type SagaDefinition, statusOf } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, MemoryFence, ScriptedParticipant, sagaOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
});
afterEach(() => world.stop());

async function worldOf(sagas: readonly SagaDefinition[] = [order()], engine = {}): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas, engine });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

function order(data: Partial<SagaData> = {}): SagaDefinition {
  const retry = { attempts: 2, delay: '1s', jitter: 0 } as const;
  const pay = { ask: bank, timeout: '5s', retry, compensationRetry: { attempts: 1 } } as const;
  return sagaOf('order', { reserve: shop, pay }, { mode: 'express', ...data });
}

describe('An express saga', () => {
  it('answers when it has ended, with its end, and leaves one event', async () => {
    await worldOf();
    shop.on('act', () => ({ shelf: 7 }));
    const answer = await world.answered(world.begin('order', '1', { total: 3 }));
    expect(answer).toMatchObject({ accepted: true, ending: { status: 'completed', output: { reserve: { shelf: 7 } } } });
    const [ended, ...others] = await world.history('order-1');
    expect(others).toEqual([]);
    expect(ended).toMatchObject({ type: 'ExpressSagaEnded', data: { end: 'SagaCompleted', input: { total: 3 } } });
    expect(ended?.type === 'ExpressSagaEnded' && ended.data.steps.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'reserve succeeded',
      'pay succeeded',
    ]);
    expect(checkLaws(await world.history('order-1'))).toEqual([]);
  });

  it('is listed and shown by its summary, with the time at which it started', async () => {
    await worldOf([
      order(),
      sagaOf('wait', { first: shop, second: { ask: bank, retry: { attempts: 2, delay: '2s', jitter: 0 } } }, { mode: 'express' }),
    ]);
    const started = world.clock.now();
    bank.on('act', (_input, nth) => {
      if (nth === 1) throw new Error('not now');
    });
    await world.answered(world.begin('wait', '1'), 2_000);
    expect(await world.index.get('wait-1')).toMatchObject({ status: 'completed', startedAt: started, since: started + 2_000, owes: false });
    const state = await world.state('wait-1');
    expect([...state.steps.values()].map(({ id, status, attempt }) => [id, status, attempt])).toEqual([
      ['first', 'succeeded', 1],
      ['second', 'succeeded', 2],
    ]);
  });

  it('without a summary leaves nothing', async () => {
    await worldOf([order({ summary: 'none' })]);
    expect(await world.answered(world.begin('order', '1'))).toMatchObject({ ending: { status: 'completed' } });
    expect(await world.index.count()).toEqual({});
    await expect(world.history('order-1')).rejects.toMatchObject({ code: 'saga-not-found' });
  });

  it('that fails is undone as a standard one is', async () => {
    await worldOf();
    bank.on('act', () => {
      throw new BusinessError('no money');
    });
    const { ending } = await world.answered(world.begin('order', '1'));
    expect(ending).toEqual({ status: 'compensated', reason: 'BusinessError: no money' });
    expect(shop.log).toEqual(['act', 'undo']);
    expect(await world.index.get('order-1')).toMatchObject({ status: 'compensated', error: 'BusinessError: no money' });
    expect(checkLaws(await world.history('order-1'))).toEqual([]);
  });

  it('turns back at its deadline', async () => {
    await worldOf([order({ deadline: '3s' })]);
    world.bus.loses = ({ message }) =>
      message.kind === 'command' && message.command.step === 'pay' && message.command.operation === 'action';
    const { ending } = await world.answered(world.begin('order', '1'), 10_000);
    expect(ending).toEqual({ status: 'compensated', reason: 'the deadline passed' });
    expect(bank.log).toEqual([]);
  });

  it('that is asked for many times at once runs once, and everybody is answered', async () => {
    await worldOf();
    const answers = await world.answered(Promise.all(Array.from({ length: 20 }, () => world.begin('order', '1', { total: 3 }))));
    expect(answers.map(({ ending }) => ending?.status)).toEqual(Array(20).fill('completed'));
    expect(answers.filter(({ existing }) => !existing)).toHaveLength(1);
    expect(shop.log).toEqual(['act']);
  });

  it('asked for again after its end says how it ended; with another input it is refused', async () => {
    await worldOf();
    await world.answered(world.begin('order', '1', { total: 3 }));
    await world.restart();
    expect(await world.answered(world.begin('order', '1', { total: 3 }))).toMatchObject({
      existing: true,
      ending: { status: 'completed' },
    });
    await expect(world.answered(world.begin('order', '1', { total: 4 }))).rejects.toMatchObject({ code: 'saga-exists' });
    expect(shop.log).toEqual(['act']);
  });

  it('with another input is refused also while it runs', async () => {
    await worldOf();
    world.bus.loses = ({ address }) => address.to === 'participant';
    const first = world.begin('order', '1', { total: 3 });
    await world.quiet();
    await expect(world.answered(world.begin('order', '1', { total: 4 }))).rejects.toMatchObject({ code: 'saga-exists' });
    world.bus.loses = () => false;
    expect(await world.answered(first, 120_000)).toMatchObject({ ending: { status: 'completed' } });
  });

  it('X4: so many run at once; the others wait their turn, and too many are refused', async () => {
    await worldOf([order()], { expressInFlight: 2 });
    const open: (() => void)[] = [];
    let most = 0;
    shop.on('act', async () => {
      await new Promise<void>((resolve) => {
        open.push(resolve);
      });
    });
    const all = Promise.allSettled(Array.from({ length: 30 }, (_, n) => world.begin('order', String(n))));
    for (let round = 0; round < 25; round++) {
      await world.quiet();
      most = Math.max(most, open.length);
      for (const go of open.splice(0)) go();
    }
    const results = await all;
    const codes = results.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.ending?.status));
    expect(codes.filter((code) => code === 'completed')).toHaveLength(22);
    expect(codes.filter((code) => code === 'express-overloaded')).toHaveLength(8);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('asks no participant whose fence is beside its effects', async () => {
    await worldOf([]);
    await world.stop();
    world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order()] });
    world.participant(new ScriptedParticipant('shop', { act: {} }, new MemoryFence({ kind: 'external', now: () => world.clock.now() })));
    world.participant(bank);
    await world.start();
    const { ending } = await world.answered(world.begin('order', '1'));
    expect(ending).toMatchObject({ status: 'failed', reason: expect.stringContaining('FenceNotTransactional') });
  });

  it('of a version that is not deployed, or of a standard saga, goes its way through the inbox', async () => {
    await worldOf([order()]);
    const start = (saga: string) =>
      world.client.ask(
        `${saga}-1`,
        { type: 'start', request: `r ${saga}`, sagaId: `${saga}-1`, saga, version: 9, incarnation: 'i', input: {}, inputHash: 'h' },
        { to: 'express' },
      );
    expect(await world.answered(start('order'))).toEqual({ accepted: true, revision: 0 });
    expect(await world.status('order-1')).toBe('suspended');
  });
});

describe('An express saga that cannot end by itself', () => {
  it('X3: goes on as a standard one where a person is needed, with its whole history', async () => {
    await worldOf();
    shop.on('undo', (_input, nth) => {
      if (nth === 1) throw new Error('the door is locked');
    });
    bank.on('act', () => {
      throw new BusinessError('no money');
    });
    const definition = sagaOf('trip', { reserve: { ask: shop, compensationRetry: { attempts: 1 } }, pay: bank }, { mode: 'express' });
    await world.stop();
    await worldOf([definition]);
    const answer = await world.answered(world.begin('trip', '1'));
    expect(answer.ending).toBeUndefined();
    const history = await world.history('trip-1');
    expect(history.map(({ type }) => type)).toEqual([
      ...['SagaStarted', 'StepRequested', 'StepSucceeded', 'StepRequested', 'StepFailed', 'CompensationStarted'],
      ...['CompensationRequested', 'CompensationFailed', 'SagaSuspended'],
    ]);
    expect(statusOf(fold(history))).toBe('suspended');
    expect(checkLaws(history)).toEqual([]);
    await world.answered(world.operate('trip-1', 'retry', { target: 'compensation:reserve' }));
    await world.quiet();
    expect(await world.status('trip-1')).toBe('compensated');
  });

  it('X3: goes on as a standard one after five minutes, and whoever asks again finds it', async () => {
    const patient = sagaOf('order', { reserve: shop, pay: { ask: bank, timeout: '1h' } }, { mode: 'express', summary: 'none' });
    await worldOf([patient]);
    world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === 'pay';
    const started = world.begin('order', '1', { total: 3 });
    expect(await world.answered(started, 300_000)).toMatchObject({ accepted: true, revision: 3 });
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'StepSucceeded', 'StepRequested']);
    expect(await world.index.get('order-1')).toMatchObject({ status: 'running', owes: true });
    expect(await world.answered(world.begin('order', '1', { total: 3 }))).toEqual({ accepted: true, revision: 3, existing: true });
    world.bus.loses = () => false;
    await world.restart();
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
  });

  it('X3: goes on as a standard one when its own code throws where nothing handles that', async () => {
    const run = (): never => {
      throw new TypeError('a mistake');
    };
    const broken = sagaOf('order', { reserve: { ask: shop, compensation: { name: 'undo', run } }, pay: bank }, { mode: 'express' });
    await worldOf([broken]);
    bank.on('act', () => {
      throw new BusinessError('no money');
    });
    expect((await world.answered(world.begin('order', '1'))).ending).toBeUndefined();
    expect((await world.history('order-1')).at(-1)).toMatchObject({
      type: 'SagaSuspended',
      data: { target: 'compensation:reserve', error: { name: 'TypeError', message: 'a mistake' } },
    });
  });

  it('a success that comes after the end is undone, and the history follows the summary', async () => {
    const retry = { attempts: 1 } as const;
    await worldOf([sagaOf('order', { pay: { ask: bank, retry } }, { mode: 'express' })]);
    bank.on('act', (_input, nth) => {
      // Rolled back, so that it ended without effect; a copy of the command comes later.
      if (nth === 1) throw new Error('deadlock');
    });
    const { ending } = await world.answered(world.begin('order', '1'));
    expect(ending?.status).toBe('failed');
    const again = world.bus.published.find(({ message }) => message.kind === 'command');
    await world.bus.publish(again ? [again] : []);
    await world.quiet();
    expect(bank.log).toEqual(['act', 'act', 'undo']);
    const history = await world.history('order-1');
    expect(history.map(({ type }) => type).slice(0, 2)).toEqual(['ExpressSagaEnded', 'SagaStarted']);
    expect(statusOf(fold(history))).toBe('failed');
    expect(checkLaws(history)).toEqual([]);
  });
});
