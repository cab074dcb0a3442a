import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { CommandBench, MemoryFence, ScriptedParticipant } from '@skald/testkit';

let bench: CommandBench;
let fence: MemoryFence;
let api: ScriptedParticipant;
const LEASE = 10_000;

/** A call to the API that ends when the test says so. */
class Held {
  end = (_result?: unknown) => {};
  fail = (_error: Error) => {};
  readonly promise = new Promise<unknown>((resolve, reject) => {
    this.end = resolve;
    this.fail = reject;
  });
}

async function benchOf(): Promise<void> {
  bench = new CommandBench(() => new InProcessBus(), api, fence, { participantLease: LEASE });
  await bench.start();
}

beforeEach(async () => {
  api = new ScriptedParticipant('bank');
  fence = new MemoryFence({ kind: 'external', now: () => bench.clock.now() });
});
afterEach(() => bench.stop());

const record = () => fence.session(async (session) => session.get('order-1/a/pay'));
const UNKNOWN = { type: 'failed', kind: 'technical', effect: 'unknown' } as const;

describe('A participant whose effects are elsewhere', () => {
  it('P1, F1: records that it runs before it runs, and the outcome after', async () => {
    const seen: unknown[] = [];
    api.on('act', async () => {
      seen.push(await record());
      return 'paid';
    });
    await benchOf();
    expect(await bench.ask({})).toEqual({ type: 'succeeded', result: 'paid' });
    expect(seen).toMatchObject([{ type: 'running', leaseUntil: bench.clock.now() + LEASE }]);
    expect(await record()).toEqual({ type: 'succeeded', compensable: true, result: '"paid"' });
    expect(await bench.ask({})).toEqual({ type: 'succeeded', result: 'paid' });
    expect(api.log).toEqual(['act']);
  });

  it('P3, P4: actions of different keys run together; one that takes long holds up no other', async () => {
    const slow = new Held();
    api.on('act', (input) => (input === 'slow' ? slow.promise : 'quick'));
    await benchOf();
    const [first, second] = await bench.send({ args: ['slow'] }, { key: 'order-2/a/pay' });
    await bench.quiet();
    expect([bench.outcome(first ?? 0), bench.outcome(second ?? 0)?.type]).toEqual([undefined, 'succeeded']);
    slow.end();
    await bench.quiet();
    expect(bench.outcome(first ?? 0)?.type).toBe('succeeded');
  });

  it('P3, F5: what comes for a key under way waits for its end, not for its lease', async () => {
    const held = new Held();
    api.on('act', () => held.promise);
    await benchOf();
    const attempts = await bench.send({}, {}, { operation: 'compensation' });
    await bench.quiet();
    attempts.push(...(await bench.send({ operation: 'seal' })));
    await bench.quiet();
    expect([bench.replies, api.log]).toEqual([[], ['act']]);
    held.end('paid');
    await bench.quiet();
    expect(attempts.map((attempt) => bench.outcome(attempt)?.type)).toEqual(['succeeded', 'succeeded', 'undone', 'sealed']);
    expect(api.log).toEqual(['act', 'undo']);
    expect(bench.clock.pending).toBe(0);
  });

  it('a business failure is final and leaves nothing to undo', async () => {
    api.on('act', () => {
      throw new BusinessError('declined');
    });
    await benchOf();
    expect(await bench.ask({})).toMatchObject({ type: 'failed', kind: 'business', effect: 'none' });
    expect(await bench.ask({})).toMatchObject({ type: 'failed', kind: 'business', effect: 'none' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: false });
    expect(api.log).toEqual(['act']);
  });

  it('A4: any other failure may have happened: the next attempt asks again, a seal says that it is in doubt, and it is undone', async () => {
    api.on('act', () => {
      throw new Error('socket reset');
    });
    await benchOf();
    expect(await bench.ask({})).toMatchObject(UNKNOWN);
    expect(await bench.ask({})).toMatchObject(UNKNOWN);
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'sealed', doubt: true });
    expect(await bench.ask({})).toEqual({ type: 'refused', reason: 'sealed' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
    expect(api.log).toEqual(['act', 'act', 'undo']);
  });

  it('a business failure after a run that told nothing says nothing of that run: it is in doubt still, and is undone', async () => {
    api.on('act', (_input, nth) => {
      throw nth === 1 ? new Error('socket reset') : new BusinessError('charged already');
    });
    await benchOf();
    expect(await bench.ask({})).toMatchObject(UNKNOWN);
    expect(await bench.ask({})).toMatchObject({ ...UNKNOWN, error: { message: 'charged already' } });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it('a result that cannot be recorded does not mean that nothing happened', async () => {
    api.on('act', () => 'x'.repeat(300_000));
    await benchOf();
    expect(await bench.ask({})).toMatchObject({ ...UNKNOWN, error: { name: 'ResultTooLarge' } });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it('A4: what fails before the action runs is known not to have happened, and leaves no doubt', async () => {
    await benchOf();
    expect(await bench.ask({ action: 'pay' })).toMatchObject({
      type: 'failed',
      kind: 'technical',
      effect: 'none',
      error: { name: 'unknown-action' },
    });
    expect(await record()).toBeUndefined();
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'sealed' });
  });

  it('a compensation that fails leaves the fence as it was, and is tried again', async () => {
    api
      .on('act', () => 'paid')
      .on('undo', (_input, nth) => {
        if (nth === 1) throw new Error('socket reset');
      });
    await benchOf();
    await bench.ask({});
    expect(await bench.ask({ operation: 'compensation' })).toMatchObject(UNKNOWN);
    expect(await record()).toMatchObject({ type: 'succeeded' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
    expect(api.calls.at(-1)?.args).toEqual([undefined, 'paid']);
  });
});

describe('An external participant in trouble', () => {
  it('answers technical failure without effect when it cannot record that it runs, and runs nothing', async () => {
    await benchOf();
    const { session } = fence;
    fence.session = () => Promise.reject(new Error('database is locked'));
    expect(await bench.ask({})).toMatchObject({ type: 'failed', effect: 'none', error: { name: 'FenceUnavailable' } });
    fence.session = session;
    expect(api.log).toEqual([]);
    expect(await bench.ask({})).toEqual({ type: 'succeeded' });
  });

  it('P1: tries to record what it did until it can, and replies only then', async () => {
    const held = new Held();
    api.on('act', () => held.promise);
    await benchOf();
    const [attempt] = await bench.send({});
    await bench.quiet();
    const { session } = fence;
    fence.session = () => Promise.reject(new Error('database is locked'));
    held.end('paid');
    await bench.clock.advance(5_000);
    expect(bench.outcome(attempt ?? 0)).toBeUndefined();
    fence.session = session;
    await bench.clock.advance(1_000);
    expect(bench.outcome(attempt ?? 0)).toEqual({ type: 'succeeded', result: 'paid' });
    expect(api.log).toEqual(['act']);
  });

  it('P1: that stops waits for what runs and records it, so that nothing is done again after the next start', async () => {
    const held = new Held();
    api.on('act', () => held.promise);
    await benchOf();
    await bench.send({});
    await bench.quiet();
    const stopped = bench.stop();
    held.end('paid');
    await stopped;
    expect(await record()).toMatchObject({ type: 'succeeded', result: '"paid"' });
    expect(bench.clock.pending).toBe(0);
  });

  it('P1: that stops while it records something records what ended meanwhile too', async () => {
    const [first, second, recording] = [new Held(), new Held(), new Held()];
    api.on('act', (input) => (input === 1 ? first.promise : second.promise));
    await benchOf();
    await bench.send({ args: [1] }, { key: 'order-2/a/pay', args: [2] });
    await bench.quiet();
    const session = fence.session.bind(fence);
    fence.session = (work) => recording.promise.then(() => session(work));
    first.end('paid');
    await bench.quiet();
    second.end('paid');
    const stopped = bench.stop();
    await bench.quiet();
    recording.end();
    await stopped;
    for (const key of ['order-1/a/pay', 'order-2/a/pay']) {
      expect(await session(async (open) => open.get(key))).toMatchObject({ type: 'succeeded' });
    }
  });

  it('that stops while others wait for a key leaves no alarm', async () => {
    api.on('act', () => new Held().promise);
    await benchOf();
    await bench.ask({});
    await bench.kill();
    await bench.start();
    await bench.ask({});
    await bench.stop();
    expect(bench.clock.pending).toBe(0);
  });
});
