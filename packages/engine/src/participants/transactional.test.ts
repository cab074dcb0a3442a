import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type Fence } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { CommandBench, MemoryFence, ScriptedParticipant } from '@skald/testkit';
import { currentCommand } from './command-context.js';

let bench: CommandBench;
let fence: MemoryFence;
let bank: ScriptedParticipant;

async function benchOf(over: Fence = fence): Promise<void> {
  bench = new CommandBench(() => new InProcessBus(), bank, over);
  await bench.start();
}

beforeEach(async () => {
  fence = new MemoryFence();
  bank = new ScriptedParticipant('bank');
});
afterEach(() => bench.stop());

const NONE = { type: 'failed', kind: 'technical', effect: 'none' } as const;

describe('A participant with its fence in the transaction of its business', () => {
  it('P1, F1: runs an action once, and answers a repeat with the recorded outcome', async () => {
    bank.on('act', (_input, nth) => ({ ref: nth }));
    await benchOf();
    expect(await bench.ask({})).toEqual({ type: 'succeeded', result: { ref: 1 } });
    expect(await bench.ask({})).toEqual({ type: 'succeeded', result: { ref: 1 } });
    expect(bank.log).toEqual(['act']);
  });

  it('P3: repeats in one batch are carried out one after the other', async () => {
    await benchOf();
    const attempts = await bench.send({}, {}, { operation: 'compensation' }, {});
    await bench.quiet();
    expect(attempts.map((attempt) => bench.outcome(attempt)?.type)).toEqual(['succeeded', 'succeeded', 'undone', 'refused']);
    expect(bank.log).toEqual(['act', 'undo']);
  });

  it('A5: a business failure rolls its action back, is final, and leaves nothing to undo', async () => {
    bank.on('act', () => {
      fence.data.set('charged', true);
      throw new BusinessError('declined', { limit: 5 });
    });
    await benchOf();
    const declined = {
      type: 'failed',
      kind: 'business',
      effect: 'none',
      error: { name: 'BusinessError', message: 'declined', data: { limit: 5 } },
    };
    expect(await bench.ask({})).toEqual(declined);
    expect(await bench.ask({})).toEqual(declined);
    expect([bank.log, fence.data.keys()]).toEqual([['act'], []]);
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: false });
  });

  it('A4, A5: a technical failure rolls its action back, is not final, and the next attempt runs', async () => {
    bank.on('act', (_input, nth) => {
      fence.data.set('charged', nth);
      if (nth === 1) throw new Error('socket reset');
    });
    await benchOf();
    expect(await bench.ask({})).toEqual({ ...NONE, error: { name: 'Error', message: 'socket reset' } });
    expect(fence.data.keys()).toEqual([]);
    expect(await bench.ask({})).toEqual({ type: 'succeeded' });
  });

  it('A5: one that fails in a batch undoes nothing of the others', async () => {
    bank.on('act', (input) => {
      fence.data.set(String(input), true);
      if (input === 'b') throw new BusinessError('declined');
    });
    await benchOf();
    await bench.send(...['a', 'b', 'c'].map((one) => ({ key: `order-${one}/a/pay`, args: [one] })));
    await bench.quiet();
    expect(fence.data.keys()).toEqual(['a', 'c']);
  });

  it('F4: a compensation that fails is not final and may be tried again', async () => {
    bank.on('undo', (_input, nth) => {
      if (nth === 1) throw new BusinessError('closed on Sundays');
    });
    await benchOf();
    await bench.ask({});
    expect(await bench.ask({ operation: 'compensation' })).toMatchObject({ ...NONE, error: { message: 'closed on Sundays' } });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it('F4: nor is the failure of an action that serves as a compensation', async () => {
    bank.on('act', (_input, nth) => {
      if (nth === 1) throw new BusinessError('no');
    });
    await benchOf();
    const refund = { purpose: 'compensation', key: 'order-1/a/pay:undo', undoRound: 1 } as const;
    expect(await bench.ask(refund)).toMatchObject({ type: 'failed', kind: 'business' });
    expect(await bench.ask(refund)).toEqual({ type: 'succeeded' });
  });

  it('gives the compensation the action’s input and its recorded result, and none where there was none', async () => {
    bank.on('act', () => ({ ref: 7 }));
    await benchOf();
    await bench.ask({ args: [{ total: 3 }] });
    await bench.ask({ operation: 'compensation', args: [{ total: 3 }], result: { ref: 'as the saga knows it' } });
    expect(bank.calls.at(-1)).toMatchObject({ method: 'undo', args: [{ total: 3 }, { ref: 7 }] });
  });

  it('A3: an action without a compensation says so, and its undo does nothing', async () => {
    bank = new ScriptedParticipant('bank', { act: {} });
    await benchOf();
    expect(await bench.ask({})).toEqual({ type: 'succeeded', compensable: false });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: false });
  });

  it('what is thrown synchronously is a failure like any other', async () => {
    bank = new ScriptedParticipant('bank', { act: {}, broken: {} });
    Object.defineProperty(bank.instance, 'broken', {
      get() {
        throw new RangeError('at once');
      },
    });
    await benchOf();
    expect(await bench.ask({ action: 'broken' })).toMatchObject({ ...NONE, error: { name: 'RangeError', message: 'at once' } });
  });

  it('an unknown action is refused by name, with the actions that there are', async () => {
    await benchOf();
    expect(await bench.ask({ action: 'pay' })).toMatchObject({
      ...NONE,
      error: { name: 'unknown-action', message: expect.stringContaining('(actions: act)') },
    });
    expect(await bench.ask({ action: 'toString' })).toMatchObject({ error: { name: 'unknown-action' } });
  });

  it('a result that is too large, or no JSON, is rolled back', async () => {
    bank.on('act', (input) => {
      fence.data.set('charged', true);
      return typeof input === 'string' ? input.repeat(200 * 1024) : 1n;
    });
    await benchOf();
    for (const [nth, letter] of ['x', '漢'].entries()) {
      expect(await bench.ask({ key: `order-1/a/pay#${nth}`, args: [letter] })).toMatchObject({
        type: 'failed',
        kind: 'business',
        effect: 'none',
        error: { name: 'ResultTooLarge', message: expect.stringContaining(`${Buffer.byteLength(letter) * 200 * 1024 + 2} bytes`) },
      });
    }
    expect(await bench.ask({ key: 'order-2/a/pay' })).toMatchObject({ ...NONE, error: { name: 'TypeError' } });
    expect(fence.data.keys()).toEqual([]);
  });

  it('an error is cut to what an event can hold', async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const errors = [
      new BusinessError('m'.repeat(1_000_000), 'd'.repeat(1_000_000)),
      new BusinessError('circular', circular),
      Object.assign(new Error('x'), { name: 'n'.repeat(1_000_000) }),
      'a string',
    ];
    bank.on('act', (_input, nth) => {
      throw errors[nth - 1];
    });
    await benchOf();
    for (const at of errors.keys()) {
      const outcome = await bench.ask({ key: `order-${at}/a/pay` });
      expect(outcome?.type).toBe('failed');
      expect(JSON.stringify(outcome).length).toBeLessThan(30_000);
    }
  });

  it('knows the command that it carries out, in the action and in its compensation, over awaits, and nowhere else', async () => {
    const seen: unknown[] = [];
    const look = async () => {
      await Promise.resolve();
      seen.push(currentCommand());
    };
    bank.on('act', look).on('undo', look);
    await benchOf();
    await bench.ask({});
    await bench.ask({ operation: 'compensation' });
    const context = { idempotencyKey: 'order-1/a/pay', sagaId: 'order-1', step: 'pay', dueAt: bench.clock.now() + 60_000 };
    expect(seen).toEqual([
      { ...context, attempt: 1 },
      { ...context, attempt: 2 },
    ]);
    expect(currentCommand()).toBeUndefined();
  });
});

describe('Schemas of an action', () => {
  const positive = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) =>
        typeof value === 'string' && Number(value) > 0
          ? { value: Number(value) }
          : { issues: [{ message: 'must be positive', path: ['amount'] }] },
    },
  } as const;

  it('check and change its input, and that of its compensation alike', async () => {
    bank = new ScriptedParticipant('bank', { act: { compensation: 'undo', input: positive } });
    await benchOf();
    await bench.ask({ args: ['3'] });
    await bench.ask({ operation: 'compensation', args: ['3'] });
    expect(bank.calls.map(({ args }) => args[0])).toEqual([3, 3]);
  });

  it('refuse a wrong input before the action runs, for good', async () => {
    bank = new ScriptedParticipant('bank', { act: { input: positive } });
    await benchOf();
    expect(await bench.ask({ args: [-1] })).toMatchObject({
      type: 'failed',
      kind: 'business',
      error: { name: 'InvalidInput', message: expect.stringContaining('amount') },
    });
    expect(bank.log).toEqual([]);
  });

  it('refuse a wrong output, and the action is rolled back', async () => {
    bank = new ScriptedParticipant('bank', { act: { output: positive } }).on('act', () => {
      fence.data.set('charged', true);
      return '-3';
    });
    await benchOf();
    expect(await bench.ask({})).toMatchObject({ type: 'failed', kind: 'business', effect: 'none', error: { name: 'InvalidOutput' } });
    expect(fence.data.keys()).toEqual([]);
  });
});
