import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

describe('Slots', () => {
  it('G2: are taken by so many at the same time, and by the rest in the order they came', async () => {
    const slots = new Slots(2);
    const log: string[] = [];
    const leave: (() => void)[] = [];
    const all = [0, 1, 2, 3].map((n) =>
      slots.within(async () => {
        log.push(`${n} enters`);
        await new Promise<void>((resolve) => {
          leave[n] = resolve;
        });
      }),
    );
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn();
    expect(log).toEqual(['0 enters', '1 enters']);
    leave[1]?.();
    await turn();
    leave[2]?.();
    await turn();
    expect(log).toEqual(['0 enters', '1 enters', '2 enters', '3 enters']);
    leave[0]?.();
    leave[3]?.();
    await Promise.all(all);
  });

  it('are free again after work that rejects', async () => {
    const slots = new Slots(1);
    const failing = slots.within(() => Promise.reject(new Error('not like this')));
    const next = slots.within(async () => 42);
    await expect(failing).rejects.toThrow('not like this');
    expect(await next).toBe(42);
    expect(await slots.within(async () => 43)).toBe(43);
  });
});
