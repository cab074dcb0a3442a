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

describe('A participant that was killed', () => {
  it('F5: between admission and effect, or effect and record: after the lease the action runs again, before it nothing does', async () => {
    const held = new Held();
    api.on('act', (_input, nth) => (nth === 1 ? held.promise : `paid ${nth}`));
    await benchOf();
    await bench.ask({});
    await bench.kill();
    await bench.start();
    const [again] = await bench.send({});
    await bench.clock.advance(LEASE - 1);
    expect([api.log, bench.replies]).toEqual([['act'], []]);
    await bench.clock.advance(1);
    expect(bench.outcome(again ?? 0)).toEqual({ type: 'succeeded', result: 'paid 2' });
  });

  it('F5: is undone after the lease, without a result, and refuses the action from then on', async () => {
    api.on('act', () => new Held().promise);
    await benchOf();
    await bench.ask({ args: [{ total: 3 }] });
    await bench.kill();
    await bench.start();
    const [undo] = await bench.send({ operation: 'compensation', args: [{ total: 3 }] });
    await bench.clock.advance(LEASE);
    expect(bench.outcome(undo ?? 0)).toEqual({ type: 'undone', executed: true });
    expect(api.calls.at(-1)).toMatchObject({ method: 'undo', args: [{ total: 3 }, undefined] });
    expect(await bench.ask({})).toEqual({ type: 'refused', reason: 'undone' });
  });

  it('F5: while it undid something, undoes it again after the lease', async () => {
    const held = new Held();
    api.on('act', () => 'paid').on('undo', (_input, nth) => (nth === 1 ? held.promise : undefined));
    await benchOf();
    await bench.ask({});
    await bench.ask({ operation: 'compensation' });
    await bench.kill();
    await bench.start();
    const [action, undo] = await bench.send({}, { operation: 'compensation', result: 'paid' });
    await bench.clock.advance(LEASE);
    expect(bench.outcome(action ?? 0)).toEqual({ type: 'refused', reason: 'undone' });
    expect(bench.outcome(undo ?? 0)).toEqual({ type: 'undone', executed: true });
    expect(api.calls.at(-1)?.args).toEqual([undefined, 'paid']);
  });

  it('sealed after the lease is sealed in doubt', async () => {
    api.on('act', () => new Held().promise);
    await benchOf();
    await bench.ask({});
    await bench.kill();
    await bench.start();
    const [seal] = await bench.send({ operation: 'seal' });
    await bench.clock.advance(LEASE);
    expect(bench.outcome(seal ?? 0)).toEqual({ type: 'sealed', doubt: true });
  });
});

describe('An action that outlives its lease', () => {
  async function overtakenBy(...takers: Parameters<CommandBench['ask']>[0][]): Promise<{ held: Held; attempt: number }> {
    const held = new Held();
    api.on('act', (_input, nth) => (nth === 1 ? held.promise : 'the second'));
    await benchOf();
    const [attempt] = await bench.send({});
    await bench.clock.advance(LEASE);
    for (const taker of takers) await bench.ask(taker);
    return { held, attempt: attempt ?? 0 };
  }

  it('A10: and was undone meanwhile says that it ended after the undo, so that it is undone once more', async () => {
    const { held, attempt } = await overtakenBy({ operation: 'compensation' });
    held.end('the first');
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the first', afterUndo: 1 });
    expect(await bench.ask({ operation: 'compensation', undoRound: 2 })).toEqual({ type: 'undone', executed: true });
  });

  it('A10: and ended while its undo was under way waits for that, and then says so', async () => {
    const undo = new Held();
    api.on('undo', () => undo.promise);
    const { held, attempt } = await overtakenBy({ operation: 'compensation' });
    held.end('the first');
    await bench.quiet();
    expect(bench.outcome(attempt)).toBeUndefined();
    undo.end();
    await bench.quiet();
    expect(bench.outcome(attempt)).toMatchObject({ type: 'succeeded', afterUndo: 1 });
  });

  it('and whose undo failed is recorded as the success that it is', async () => {
    const undo = new Held();
    api.on('undo', () => undo.promise);
    const { held, attempt } = await overtakenBy({ operation: 'compensation' });
    held.end('the first');
    await bench.quiet();
    undo.fail(new Error('socket reset'));
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the first' });
    expect(await record()).toMatchObject({ type: 'succeeded', result: '"the first"' });
  });

  it('P1: and was done again meanwhile answers what is recorded', async () => {
    const { held, attempt } = await overtakenBy({});
    held.end('the first');
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the second' });
  });

  it('P1: and failed, when another run succeeded, answers that success', async () => {
    const { held, attempt } = await overtakenBy({});
    held.fail(new BusinessError('declined'));
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the second' });
  });

  it('and was sealed meanwhile leaves a doubt, so that its compensation runs', async () => {
    const { held, attempt } = await overtakenBy({ operation: 'seal' });
    held.end('the first');
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the first' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it('and succeeded, when another run failed, is recorded and can be undone', async () => {
    const { held, attempt } = await overtakenBy();
    api.on('act', () => {
      throw new BusinessError('declined');
    });
    expect(await bench.ask({})).toMatchObject(UNKNOWN);
    held.end('the first');
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'the first' });
    expect(await record()).toMatchObject({ type: 'succeeded' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });
});
