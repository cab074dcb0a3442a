import { afterEach, describe, expect, it } from '@jest/globals';
import type { Fence } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { CommandBench, ScriptedParticipant, WideFence } from '@skald/testkit';

const bank = () => new ScriptedParticipant('bank');
let bench: CommandBench;

async function benchOf(participant: ScriptedParticipant, fence: Fence): Promise<void> {
  bench = new CommandBench(() => new InProcessBus(), participant, fence);
  await bench.start();
}
afterEach(() => bench.stop());

const KEYS = ['order-1/a/pay', 'order-2/a/pay', 'order-3/a/pay'];

describe('A participant whose fence runs several sessions at the same time', () => {
  it('P3: carries out different keys together, those of one key one after the other, and waits for the slowest with none', async () => {
    const participant = bank();
    const release: ((result: unknown) => void)[] = [];
    participant.on('act', () => new Promise((resolve) => release.push(resolve)));
    await benchOf(participant, new WideFence(4));
    const [first, second, again] = await bench.send({ key: KEYS[0] ?? '' }, { key: KEYS[1] ?? '' }, { key: KEYS[0] ?? '' });
    await bench.quiet();
    expect(release).toHaveLength(2);
    release[1]?.(2);
    await bench.quiet();
    expect([bench.outcome(first ?? 0), bench.outcome(second ?? 0)]).toEqual([undefined, { type: 'succeeded', result: 2 }]);
    release[0]?.(1);
    await bench.quiet();
    expect([bench.outcome(first ?? 0), bench.outcome(again ?? 0)]).toEqual(Array(2).fill({ type: 'succeeded', result: 1 }));
    expect(release).toHaveLength(2);
  });

  it('P1: asks again what another process is at, and answers then', async () => {
    const fence = new WideFence(4);
    await benchOf(bank(), fence);
    fence.records.set(KEYS[0] ?? '', { type: 'running', leaseUntil: bench.clock.now() + 1_000, token: 'another' });
    const [attempt] = await bench.send({ key: KEYS[0] ?? '' });
    await bench.quiet();
    expect(bench.outcome(attempt ?? 0)).toBeUndefined();
    fence.records.set(KEYS[0] ?? '', { type: 'succeeded', result: '7', compensable: true });
    await bench.clock.advance(1_001);
    await bench.quiet();
    expect(bench.outcome(attempt ?? 0)).toEqual({ type: 'succeeded', result: 7 });
  });
});
