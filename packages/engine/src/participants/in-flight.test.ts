import { afterEach, describe, expect, it } from '@jest/globals';
import type { Fence } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { CommandBench, MemoryFence, ScriptedParticipant, SeededChoices, WideFence } from '@skald/testkit';
import { Room } from './room.js';

let bench: CommandBench;
afterEach(() => bench?.stop());

const fences: readonly (readonly [string, () => Fence])[] = [
  ['is external', () => new MemoryFence({ kind: 'external', now: () => bench.clock.now() })],
  ['runs several sessions at the same time', () => new WideFence(100)],
];

describe.each(fences)('A participant with so many commands in flight, whose fence %s', (_kind, fence) => {
  it('carries out so many at the same time and no more, all of them, in the order in which they came', async () => {
    const release: (() => void)[] = [];
    const begun: unknown[] = [];
    const participant = new ScriptedParticipant('bank').on('act', (input) => {
      begun.push(input);
      return new Promise<void>((resolve) => release.push(resolve));
    });
    bench = new CommandBench(() => new InProcessBus(), participant, fence(), { inFlight: 3 });
    await bench.start();
    for (let n = 0; n < 10; n += 2)
      await bench.send({ key: `order-${n}/a/pay`, args: [n] }, { key: `order-${n + 1}/a/pay`, args: [n + 1] });
    await bench.quiet();
    expect(begun).toEqual([0, 1, 2]);
    for (let n = 0; n < 10; n++) {
      release[n]?.();
      await bench.quiet();
      expect(begun).toHaveLength(Math.min(10, n + 4));
    }
    expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bench.replies).toHaveLength(10);
  });

  it('has room again after what needed none: repeats, refusals, failures, and a fence that fails', async () => {
    const broken = { isBroken: true };
    const inner = fence();
    const failing: Fence = {
      kind: inner.kind,
      ...(inner.concurrency !== undefined && { concurrency: inner.concurrency }),
      session: (work) => (broken.isBroken ? Promise.reject(new Error('no database')) : inner.session(work)),
      prune: async () => 0,
    };
    const participant = new ScriptedParticipant('bank').on('act', (input) => {
      if (input === 'bad') throw new Error('bad');
    });
    bench = new CommandBench(() => new InProcessBus(), participant, failing, { inFlight: 1 });
    await bench.start();
    await bench.send({ key: 'order-1/a/pay' }, { key: 'order-2/a/pay' });
    await bench.quiet();
    broken.isBroken = false;
    await bench.send({ key: 'order-3/a/pay' }, { key: 'order-3/a/pay' }, { key: 'order-3/a/pay', operation: 'seal' });
    await bench.send(
      { key: 'order-4/a/pay', args: ['bad'] },
      { key: 'order-5/a/pay', operation: 'compensation' },
      { key: 'order-5/a/pay' },
    );
    await bench.send({ key: 'order-6/a/pay' });
    await bench.quiet();
    expect(bench.replies).toHaveLength(9);
  });
});

describe('Room', () => {
  it('never holds more than fit, forgets nobody, and lets those in first who came first (500 random days)', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const choices = new SeededChoices(seed);
      const size = 1 + choices.pick(4);
      const inside: { readonly n: number }[] = [];
      const entered: number[] = [];
      const enter = (jobs: readonly { readonly n: number }[]) => {
        for (const job of room.enter(jobs)) {
          inside.push(job);
          entered.push(job.n);
        }
      };
      const room = new Room<{ readonly n: number }>(size, enter);
      let came = 0;
      for (let move = 0; move < 40; move++) {
        if (choices.pick(2) === 0) enter(Array.from({ length: choices.pick(4) }, () => ({ n: came++ })));
        else {
          const leaving = choices.pick(inside.length + 1);
          inside.splice(0, leaving);
          room.leave(leaving);
        }
        expect(inside.length).toBeLessThanOrEqual(size);
      }
      for (let left = inside.length; left > 0; left = inside.length) {
        inside.length = 0;
        room.leave(left);
      }
      expect(entered).toEqual(Array.from({ length: came }, (_, n) => n));
    }
  });
});
