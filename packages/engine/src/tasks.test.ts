import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, later, type StepData, type TaskInput } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';
import { currentCommand } from './participants/command-context.js';
import { TaskTokens } from './task-tokens.js';

const SECRET = 'a secret of some length';
let shop: ScriptedParticipant;
let lab: ScriptedParticipant;
let world: EngineWorld;
/** Tokens that the lab was handed, in order. */
let tokens: string[];
const token = () => tokens.at(-1) ?? '';

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  lab = new ScriptedParticipant('lab');
  tokens = [];
  lab.on('act', () => {
    tokens.push(currentCommand()?.taskToken ?? '');
    return later();
  });
});
afterEach(() => world.stop());

async function worldOf(more: Partial<StepData> = {}): Promise<void> {
  const scan = { ask: lab, callback: { timeout: 3_600_000, heartbeat: 60_000 }, retry: { attempts: 3, on: ['Busy', 'Error'] }, ...more };
  const saga = sagaOf('order', { charge: shop, scan, ship: shop });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [saga], engine: { taskSecrets: [SECRET] } });
  for (const participant of [shop, lab]) world.participant(participant);
  await world.start();
  await world.answered(world.begin('order', '1'));
}

function tell(said: Omit<TaskInput, 'type' | 'request' | 'token'>, given = token()) {
  return world.answered(world.client.ask('order-1', { type: 'task', request: world.ids.unique(), token: given, ...said }));
}

describe('A step that its participant answers later', () => {
  it('hands the token to the participant, and goes on when it comes back', async () => {
    await worldOf();
    expect(await world.story('order-1')).toEqual([...['SagaStarted', 'StepRequested', 'StepSucceeded', 'StepRequested', 'StepDeferred']]);
    await tell({ action: 'complete', result: { clean: true } });
    expect(await world.status('order-1')).toBe('completed');
    expect((await world.state('order-1')).results).toMatchObject({ scan: { clean: true } });
  });

  it('is answered "later" from the fence when the command comes again, and is not begun a second time', async () => {
    await worldOf();
    const [command] = world.commands('order-1').filter(({ step }) => step === 'scan');
    if (!command) throw new Error('nothing was sent');
    await world.bus.publish([
      { address: { to: 'participant', participant: 'lab' }, message: { kind: 'command', sagaId: 'order-1', command } },
    ]);
    await world.quiet();
    expect(lab.log).toEqual(['act']);
    expect(world.notes).toEqual(['order-1 duplicate']);
  });

  it('goes on after a restart, with the same token', async () => {
    await worldOf();
    await world.restart();
    await tell({ action: 'heartbeat' });
    await tell({ action: 'complete' });
    expect(await world.status('order-1')).toBe('completed');
    expect(tokens).toHaveLength(1);
  });

  it('is undone at its own participant when the saga turns back, as what is done is', async () => {
    await worldOf();
    await world.answered(world.cancel('order-1'));
    expect(await world.status('order-1')).toBe('cancelled');
    expect([lab.log, shop.log]).toEqual([
      ['act', 'undo'],
      ['act', 'undo'],
    ]);
    await expect(tell({ action: 'complete' })).rejects.toMatchObject({ code: 'task-over' });
  });

  it('a compensation gets the result that came by the token', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('no');
    });
    await worldOf();
    await tell({ action: 'complete', result: 'clean' });
    expect(await world.status('order-1')).toBe('compensated');
    expect(lab.calls.at(-1)).toMatchObject({ method: 'undo', args: [{}, 'clean'] });
  });

  it('a failure that is retried hands out another token, and the one before is over', async () => {
    await worldOf();
    const first = token();
    await tell({ action: 'fail', error: { name: 'Busy', message: 'tomorrow' } });
    await world.pass(1_000);
    expect(tokens).toHaveLength(2);
    expect(token()).not.toBe(first);
    await expect(tell({ action: 'complete' }, first)).rejects.toMatchObject({ code: 'task-over' });
    await tell({ action: 'complete' });
    expect(await world.status('order-1')).toBe('completed');
  });

  it('runs out of time when no heartbeat comes, and not while they come', async () => {
    await worldOf();
    for (let n = 0; n < 5; n++) {
      await world.pass(50_000);
      await tell({ action: 'heartbeat' });
    }
    expect(await world.status('order-1')).toBe('running');
    await world.pass(60_000);
    expect((await world.story('order-1')).filter((type) => type === 'HeartbeatReceived' || type === 'StepTimedOut')).toEqual([
      ...Array.from({ length: 5 }, () => 'HeartbeatReceived'),
      'StepTimedOut',
    ]);
    expect(await world.status('order-1')).toBe('compensated');
  });

  it('N1: a forged token is refused before the saga hears of it, also one that another secret made, or for another saga', async () => {
    await worldOf();
    await world.answered(world.begin('order', '2'));
    const [claim = '', signature = ''] = token().split('.');
    const mine = { sagaId: 'order-1', incarnation: 'id1', step: 'scan', round: 1 };
    const foreign = new TaskTokens(['another secret of some length']).sign(mine, { participant: 'lab', action: 'act' });
    const before = await world.story('order-1');
    for (const forged of [`${claim}.${signature.slice(0, -2)}AA`, `${claim}.`, foreign, tokens[1] ?? ''])
      await expect(tell({ action: 'complete' }, forged)).rejects.toMatchObject({ code: 'task-token-invalid' });
    expect(await world.story('order-1')).toEqual(before);
  });

  it('without a callback the action fails, and what it did is rolled back', async () => {
    await worldOf({ callback: undefined as never });
    const failed = (await world.history('order-1')).findLast(({ type }) => type === 'StepFailed');
    expect(failed?.data).toMatchObject({ kind: 'technical', effect: 'none', error: { name: 'NotDeferrable' } });
    expect(tokens).toContain('');
  });
});
