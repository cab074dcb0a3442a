import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClockCheck } from './clock-check.js';
import type { LogLine } from './log.js';

const BROKER = 1_800_000_000_000;

let lines: LogLine[];
let calls: string[];
beforeEach(() => {
  lines = [];
  calls = [];
});

const owner = { withhold: () => void calls.push('withhold'), release: () => void calls.push('release') };

/** A clock that differs by so much, and a write that takes so long. */
function check(difference: number, took = 20, stamp: () => number | undefined = () => BROKER): ClockCheck {
  const times = [BROKER + difference - took / 2, BROKER + difference + took / 2];
  return new ClockCheck({ stamp: async () => stamp(), now: () => times.shift() ?? 0, log: (line) => void lines.push(line) });
}

describe('B24: A manager’s clock', () => {
  it.each([0, 900, -900])('that differs by %i ms is left alone', async (difference) => {
    await check(difference).admit();
    expect(lines).toEqual([]);
  });

  it.each([1_500, -1_500, 9_000, -9_000])('that differs by %i ms is told', async (difference) => {
    await check(difference).admit();
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', about: expect.objectContaining({ milliseconds: difference - Math.sign(difference) * 10 }) }),
    ]);
  });

  it.each([11_000, -11_000])(
    'that differs by %i ms gets no part of the inbox, and loses what it has until it is right',
    async (difference) => {
      await expect(check(difference).admit()).rejects.toMatchObject({ code: 'clock-differs' });
      expect(lines).toEqual([expect.objectContaining({ level: 'error' })]);
      await check(difference).look([owner]);
      await check(difference / 100).look([owner]);
      expect(calls).toEqual(['withhold', 'release']);
    },
  );

  it('K1: is not wrong because a write takes long', async () => {
    await check(0, 60_000).admit();
    expect(lines).toEqual([]);
  });

  it('K3: that cannot be compared is left alone, which is told once', async () => {
    const untold = check(0, 0, () => undefined);
    await untold.admit();
    await untold.look([owner]);
    const away = check(0, 0, () => {
      throw new Error('no broker');
    });
    await away.admit();
    await away.look([owner]);
    expect(lines.map(({ level }) => level)).toEqual(['info', 'info']);
    // Above all, who was left out because its clock was wrong stays so.
    expect(calls).toEqual([]);
  });
});
