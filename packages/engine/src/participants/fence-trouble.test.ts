import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fence, type FenceSession, SkaldError } from '@skald/kernel';
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

/** A fence that fails as long as a test wants, and lets one key break the transaction that it takes part in. */
class BreakableFence implements Fence {
  readonly kind = 'transactional';
  isDown = false;
  /** Commits, and does not know it. */
  isUnsure = false;
  poison = '';
  sessions = 0;

  constructor(private readonly inner: MemoryFence) {}

  session<T>(work: (session: FenceSession) => Promise<T>): Promise<T> {
    this.sessions += 1;
    if (this.isUnsure) return this.inner.session(work).then(() => Promise.reject(new SkaldError('fence-unknown', { table: 'fence' })));
    return this.inner.session(async (session) => {
      if (this.isDown) throw new Error('database is locked');
      const put: FenceSession['put'] = (key, record) => {
        if (key === this.poison) throw new Error('the transaction was ended');
        return session.put(key, record);
      };
      return work({ get: (key) => session.get(key), put, savepoint: (inside) => session.savepoint(inside) });
    });
  }

  prune(before: number): Promise<number> {
    return this.inner.prune(before);
  }
}

describe('A fence in trouble', () => {
  const batch = Array.from({ length: 100 }, (_, n) => ({ key: `order-${n}/a/pay` }));

  it('fails commands technically, known not to have happened; later they succeed', async () => {
    const breakable = new BreakableFence(fence);
    await benchOf(breakable);
    breakable.isDown = true;
    expect(await bench.ask({})).toEqual({ ...NONE, error: { name: 'FenceUnavailable', message: 'database is locked' } });
    breakable.isDown = false;
    expect(await bench.ask({})).toEqual({ type: 'succeeded' });
  });

  it('that does not know whether it committed makes the outcome unknown; asked again it tells, and nothing runs twice', async () => {
    const breakable = new BreakableFence(fence);
    await benchOf(breakable);
    breakable.isUnsure = true;
    expect(await bench.ask({})).toMatchObject({ type: 'failed', kind: 'technical', effect: 'unknown' });
    breakable.isUnsure = false;
    expect(await bench.ask({})).toEqual({ type: 'succeeded' });
    expect(bank.log).toEqual(['act']);
  });

  it('is not asked for each command when it is down', async () => {
    const breakable = new BreakableFence(fence);
    await benchOf(breakable);
    breakable.isDown = true;
    await bench.send(...batch);
    await bench.quiet();
    expect([breakable.sessions, bench.replies.length]).toEqual([3, 100]);
  });

  it('P4: a command that breaks the transaction fails alone, and effects are made once', async () => {
    const breakable = new BreakableFence(fence);
    bank.on('act', () => fence.data.set(currentCommand()?.idempotencyKey ?? '', true));
    await benchOf(breakable);
    breakable.poison = 'order-37/a/pay';
    await bench.send(...batch);
    await bench.quiet();
    expect(bench.replies.filter(({ outcome }) => outcome.type === 'failed').map(({ sagaId }) => sagaId)).toEqual(['order-37']);
    expect(fence.data.keys()).toHaveLength(99);
    expect(bench.replies).toHaveLength(100);
  });

  it('P1, P2: replies that the bus does not take are sent again, as they were recorded, and nothing runs twice', async () => {
    await benchOf();
    bench.bus.beforePublish = (messages) => {
      if (messages.some(({ address }) => address.to === 'inbox')) throw new Error('the broker is gone');
    };
    expect(await bench.ask({})).toBeUndefined();
    bench.bus.beforePublish = () => {};
    await bench.clock.advance(1_000);
    expect(bench.replies.map(({ outcome }) => outcome)).toEqual([{ type: 'succeeded' }]);
    expect(bank.log).toEqual(['act']);
  });

  it('A16: a result that the bus will never take is an outcome that nobody knows, and holds up no other', async () => {
    const text = 'x'.repeat(10_000);
    bank.on('act', (input) => (input === 'large' ? text : 'small'));
    await benchOf();
    bench.bus.beforePublish = (messages) => {
      const large = messages.find((one) => JSON.stringify(one).includes(text));
      if (large) throw new SkaldError('message-refused', { sagaId: large.message.sagaId, topic: 'sagas', problem: 'too large' });
    };
    expect(await bench.ask({ args: ['large'] })).toMatchObject({
      ...{ type: 'failed', kind: 'technical', effect: 'unknown', error: { name: 'ReplyRefused' } },
    });
    expect(await bench.ask({ key: 'order-2/a/pay' })).toEqual({ type: 'succeeded', result: 'small' });
    // It stands on record, and can be undone.
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
    expect(bank.log).toEqual(['act', 'act', 'undo']);
  });

  it('P2: one that stops while the bus takes nothing leaves its commands with the bus, and no alarm', async () => {
    await benchOf();
    bench.bus.beforePublish = (messages) => {
      if (messages.some(({ address }) => address.to === 'inbox')) throw new Error('the broker is gone');
    };
    await bench.ask({});
    await bench.stop();
    expect(bench.clock.pending).toBe(0);
  });
});
