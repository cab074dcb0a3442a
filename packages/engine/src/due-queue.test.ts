import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueQueue } from './due-queue.js';

/** The same by the shortest way: one due time for each id. */
class Model {
  readonly due = new Map<string, number>();

  add(id: string, due: number): void {
    this.due.set(id, Math.min(due, this.due.get(id) ?? due));
  }

  set(id: string, due: number | undefined): void {
    if (due === undefined) this.due.delete(id);
    else this.due.set(id, due);
  }

  earliest(): number | undefined {
    return this.due.size === 0 ? undefined : Math.min(...this.due.values());
  }
}

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const time = fc.nat(30);
const move = fc.oneof(
  fc.record({ do: fc.constant('add' as const), id, at: time }),
  fc.record({ do: fc.constant('set' as const), id, at: fc.option(time, { nil: undefined }) }),
  fc.record({ do: fc.constant('take' as const), now: time, limit: fc.nat(4) }),
);

describe('A queue of what is due', () => {
  it('behaves as a naive one, whatever is added, moved, withdrawn and taken', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        const queue = new DueQueue();
        const model = new Model();
        for (const one of moves) {
          if (one.do === 'add') {
            queue.add(one.id, one.at);
            model.add(one.id, one.at);
          } else if (one.do === 'set') {
            queue.set(one.id, one.at);
            model.set(one.id, one.at);
          } else take(queue, model, one.now, one.limit);
          expect(queue.earliest()).toBe(model.earliest());
          expect(queue.size).toBe(model.due.size);
        }
        take(queue, model, 1_000, 1_000);
        expect(queue.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('gives ten thousand in the order in which they are due', () => {
    const queue = new DueQueue();
    for (let i = 0; i < 10_000; i++) queue.add(`saga-${i}`, (i * 7_919) % 10_007);
    const taken = queue.takeDue(10_007, 10_000).map((one) => (Number(one.slice(5)) * 7_919) % 10_007);
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
  });
});

/** Those of one moment may come in any order. */
function take(queue: DueQueue, model: Model, now: number, limit: number): void {
  const taken = queue.takeDue(now, limit);
  const expected = [...model.due.values()].filter((due) => due <= now).sort((a, b) => a - b);
  expect(taken.map((one) => model.due.get(one))).toEqual(expected.slice(0, limit));
  expect(new Set(taken).size).toBe(taken.length);
  for (const one of taken) model.due.delete(one);
}
