import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type CommandMessage, type FenceRecord, type Operation } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { CommandBench, MemoryFence, ScriptedParticipant } from '@skald/testkit';
import { probeFor } from './fence-rules.js';

let bench: CommandBench;
let fence: MemoryFence;
let api: ScriptedParticipant;
const LEASE = 10_000;
const UNKNOWN = { type: 'failed', kind: 'technical', effect: 'unknown' } as const;

const never = new Promise<unknown>(() => {});

beforeEach(async () => {
  api = new ScriptedParticipant('bank', { act: { compensation: 'undo', probe: 'hasActed' } });
  fence = new MemoryFence({ kind: 'external', now: () => bench.clock.now() });
  bench = new CommandBench(() => new InProcessBus(), api, fence, { participantLease: LEASE });
  await bench.start();
});
afterEach(() => bench.stop());

const record = () => fence.session(async (session) => session.get('order-1/a/pay'));

/** A run that was reset, so that nobody knows what it did. */
async function reset(): Promise<void> {
  api.on('act', (_input, nth) => {
    if (nth === 1) throw new Error('socket reset');
    return `paid ${nth}`;
  });
  expect(await bench.ask({ args: [7] })).toMatchObject(UNKNOWN);
}

describe('F8: A run that was interrupted, when it is sealed', () => {
  it('is a success where the probe, told the arguments and the key, says that it happened', async () => {
    await reset();
    api.on('hasActed', () => ({ happened: true, result: 'paid 1' }));
    expect(await bench.ask({ operation: 'seal', args: [7] })).toEqual({ type: 'succeeded', result: 'paid 1' });
    expect(api.calls.at(-1)).toEqual({ method: 'hasActed', args: [7, 'order-1/a/pay'], key: 'order-1/a/pay' });
    expect(await record()).toEqual({ type: 'succeeded', compensable: true, result: '"paid 1"' });
    expect(await bench.ask({ args: [7] })).toEqual({ type: 'succeeded', result: 'paid 1' });
    expect(api.log).toEqual(['act', 'hasActed']);
  });

  it('is sealed without a doubt where it says that it did not, and never runs again', async () => {
    await reset();
    api.on('hasActed', () => ({ happened: false }));
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'sealed' });
    expect(await bench.ask({})).toEqual({ type: 'refused', reason: 'sealed' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: false });
    expect(api.log).toEqual(['act', 'hasActed']);
  });

  it('A10: and outlived its lease, is undone where it succeeds after the probe said that it did not', async () => {
    let end = (_result: unknown): void => {};
    api.on('act', () => new Promise((resolve) => (end = resolve))).on('hasActed', () => ({ happened: false }));
    const [attempt = 0] = await bench.send({});
    await bench.clock.advance(LEASE);
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'sealed' });
    end('paid');
    await bench.quiet();
    expect(bench.outcome(attempt)).toEqual({ type: 'succeeded', result: 'paid' });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it('is sealed in doubt where it cannot tell, and undone', async () => {
    await reset();
    api.on('hasActed', () => ({ happened: 'unknown' }));
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'sealed', doubt: true });
    expect(await bench.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('socket reset')), 'Error'],
    ['fails as business does', () => Promise.reject(new BusinessError('no such payment')), 'BusinessError'],
    ['answers something else', () => true, 'InvalidProbe'],
  ])('has no outcome yet where the probe %s: nothing is recorded of that, and it is asked again', async (_title, answer, name) => {
    await reset();
    api.on('hasActed', (_input, nth) => (nth === 1 ? answer() : { happened: true, result: 'paid 1' }));
    expect(await bench.ask({ operation: 'seal' })).toMatchObject({ ...UNKNOWN, error: { name } });
    expect(await record()).toMatchObject({ type: 'running', leaseUntil: 0 });
    expect(await bench.ask({ operation: 'seal' })).toEqual({ type: 'succeeded', result: 'paid 1' });
  });

  it('waits for its lease first, and for that of a probe whose process died', async () => {
    api.on('act', () => never).on('hasActed', (_input, nth) => (nth === 1 ? never : { happened: false }));
    await bench.send({});
    await bench.quiet();
    await bench.kill();
    await bench.start();
    await bench.send({ operation: 'seal' });
    await bench.clock.advance(LEASE - 1);
    expect(api.log).toEqual(['act']);
    await bench.clock.advance(1);
    expect(api.log).toEqual(['act', 'hasActed']);
    await bench.kill();
    await bench.start();
    const [again] = await bench.send({ operation: 'seal' });
    await bench.clock.advance(LEASE);
    expect(bench.outcome(again ?? 0)).toEqual({ type: 'sealed' });
  });

  it('is told as recorded where it was undone while its probe took longer than its lease', async () => {
    await reset();
    let say = (_said: unknown): void => {};
    api.on('hasActed', () => new Promise((resolve) => (say = resolve)));
    const [seal] = await bench.send({ operation: 'seal' });
    await bench.quiet();
    const other = new CommandBench(() => new InProcessBus(), api, fence, { participantLease: LEASE });
    await other.start();
    await bench.clock.advance(LEASE);
    await other.clock.advance(LEASE);
    expect(await other.ask({ operation: 'compensation' })).toEqual({ type: 'undone', executed: true });
    say({ happened: true, result: 'paid 1' });
    await bench.quiet();
    expect(bench.outcome(seal ?? 0)).toEqual({ type: 'sealed' });
    expect(await record()).toEqual({ type: 'undone', round: 1, executed: true });
    await other.stop();
  });
});

describe('F8: A run that was interrupted, when it is to be tried again', () => {
  it('is not, where the probe says that it happened', async () => {
    await reset();
    api.on('hasActed', () => ({ happened: true, result: 'paid 1' }));
    expect(await bench.ask({})).toEqual({ type: 'succeeded', result: 'paid 1' });
    expect(api.log).toEqual(['act', 'hasActed']);
  });

  it('is run again where it says that it did not; a business failure is final then', async () => {
    await reset();
    api
      .on('hasActed', () => ({ happened: false }))
      .on('act', () => {
        throw new BusinessError('no funds');
      });
    expect(await bench.ask({})).toMatchObject({ type: 'failed', kind: 'business', effect: 'none' });
    expect(await record()).toMatchObject({ type: 'failed' });
    expect(api.log).toEqual(['act', 'hasActed', 'act']);
  });

  it('is neither where it cannot tell: its outcome stays unknown', async () => {
    await reset();
    api.on('hasActed', () => ({ happened: 'unknown' }));
    expect(await bench.ask({})).toMatchObject({ ...UNKNOWN, error: { name: 'Unprobed' } });
    expect(api.log).toEqual(['act', 'hasActed']);
  });

  it('is refused after its time, and known not to have happened where the probe says so', async () => {
    await reset();
    api.on('hasActed', (_input, nth) => ({ happened: nth === 1 ? 'unknown' : false }));
    const late = { validUntil: bench.clock.now() - 1 };
    expect(await bench.ask(late)).toMatchObject({ ...UNKNOWN, error: { name: 'Expired' } });
    expect(await bench.ask(late)).toEqual({ type: 'refused', reason: 'expired' });
    expect(await record()).toEqual({ type: 'sealed', doubt: false });
    expect(api.log).toEqual(['act', 'hasActed', 'hasActed']);
  });
});

describe('A probe', () => {
  const interrupted: FenceRecord = { type: 'running', leaseUntil: 5, token: 't' };
  const command = (operation: Operation, more: Partial<CommandMessage> = {}) => ({ operation, purpose: 'step', ...more }) as CommandMessage;

  it.each([
    ['nothing is on record', undefined, 'seal', undefined],
    ['it runs', { ...interrupted, leaseUntil: 6 }, 'seal', undefined],
    ['it is being undone', { ...interrupted, undoing: true } as const, 'seal', undefined],
    ['it succeeded', { type: 'succeeded', compensable: true } as const, 'seal', undefined],
    ['it was interrupted', interrupted, 'seal', 'seal'],
    ['it was interrupted', interrupted, 'action', 'run'],
    ['it was interrupted', interrupted, 'compensation', undefined],
  ] as const)(
    'is asked only after an interruption, and never for a compensation: where %s %j, a %s → %s',
    (_title, found, operation, then) => {
      expect(probeFor(found, command(operation), 5)).toBe(then);
    },
  );

  it('is asked after the time of an action too, which is refused then', () => {
    expect(probeFor(interrupted, command('action', { validUntil: 4 }), 5)).toBe('refuse');
    expect(probeFor(interrupted, command('action', { validUntil: 4, purpose: 'compensation' }), 5)).toBe('run');
  });
});
