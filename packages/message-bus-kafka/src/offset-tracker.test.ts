import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OffsetTracker, type Tracked } from './offset-tracker.js';

function entry(offset: number): Tracked {
  return { offset, bytes: 10, isDone: false };
}

describe('OffsetTracker', () => {
  it('O1: says where the oldest open delivery stands, and what comes next when all are done', () => {
    const tracker = new OffsetTracker();
    expect(tracker.committable).toBeUndefined();
    const [first, second, third] = [entry(5), entry(6), entry(9)];
    for (const one of [first, second, third]) tracker.add(one);
    expect(tracker.committable).toBe(5);
    tracker.done(second);
    expect(tracker.committable).toBe(5);
    tracker.done(first);
    expect(tracker.committable).toBe(9);
    tracker.done(third);
    expect(tracker.committable).toBe(10);
    tracker.fetchedTo(12);
    expect(tracker.committable).toBe(12);
    expect(tracker.bytes).toBe(0);
  });

  it('O1, O2, O3: with any offsets, done in any order and repeatedly, everything before it is done and it never goes back', () => {
    const offsets = fc
      .uniqueArray(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 60 })
      .map((all) => all.sort((a, b) => a - b));
    const story = offsets.chain((all) => fc.tuple(fc.constant(all), fc.array(fc.nat({ max: all.length - 1 }), { maxLength: 200 })));
    fc.assert(
      fc.property(story, ([all, order]) => {
        const tracker = new OffsetTracker();
        const entries = all.map(entry);
        for (const one of entries) tracker.add(one);
        let before = tracker.committable ?? 0;
        for (const at of order) {
          const one = entries[at];
          if (one) tracker.done(one);
          const oldest = entries.find(({ isDone }) => !isDone);
          const now = tracker.committable ?? Number.NaN;
          expect(now).toBe(oldest?.offset ?? (all.at(-1) ?? 0) + 1);
          expect(now).toBeGreaterThanOrEqual(before);
          before = now;
        }
      }),
    );
  });

  it('O4: counts what stands from the oldest open delivery on', () => {
    const tracker = new OffsetTracker();
    const entries = Array.from({ length: 1_000 }, (_, n) => entry(n));
    for (const one of entries) tracker.add(one);
    for (const one of entries.slice(1)) tracker.done(one);
    expect([tracker.count, tracker.bytes]).toEqual([1_000, 10_000]);
    expect(tracker.done(entries[0] ?? entry(0))).toBe(true);
    expect([tracker.count, tracker.bytes]).toEqual([0, 0]);
  });
});
