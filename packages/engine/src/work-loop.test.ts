import { describe, expect, it } from '@jest/globals';
import { WorkLoop } from './work-loop.js';

/** A loop whose batches end when the test says so. */
function handDriven(limit = 100) {
  const batches: number[][] = [];
  const ends: (() => void)[] = [];
  const loop = new WorkLoop<number>(limit, (batch) => {
    batches.push(batch);
    return new Promise((resolve) => ends.push(resolve));
  });
  const endBatch = async () => {
    ends.shift()?.();
    await turn();
  };
  return { loop, batches, endBatch };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('A work loop', () => {
  it('takes what one turn of the event loop brings as one batch', async () => {
    const { loop, batches } = handDriven();
    loop.push([1]);
    loop.push([2, 3]);
    await turn();
    expect(batches).toEqual([[1, 2, 3]]);
  });

  it('works on one batch at a time; what arrives meanwhile is the next', async () => {
    const { loop, batches, endBatch } = handDriven();
    loop.push([1]);
    await turn();
    loop.push([2]);
    loop.push([3]);
    await turn();
    expect(batches).toEqual([[1]]);
    await endBatch();
    expect(batches).toEqual([[1], [2, 3]]);
  });

  it('takes no more than its limit at once, in order', async () => {
    const { loop, batches, endBatch } = handDriven(2);
    loop.push([1, 2, 3, 4, 5]);
    for (let i = 0; i < 4; i++) {
      await turn();
      await endBatch();
    }
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('works first on what is put in front', async () => {
    const { loop, batches, endBatch } = handDriven();
    loop.push([1]);
    await turn();
    loop.push([4, 5]);
    loop.pushFirst([2, 3]);
    loop.pushFirst([]);
    await endBatch();
    expect(batches).toEqual([[1], [2, 3, 4, 5]]);
  });

  it('starts again after it was idle', async () => {
    const { loop, batches, endBatch } = handDriven();
    loop.push([1]);
    await turn();
    await endBatch();
    loop.push([2]);
    await turn();
    expect(batches).toEqual([[1], [2]]);
  });

  it('is idle when nothing waits and nothing runs', async () => {
    const { loop, endBatch } = handDriven(1);
    await loop.idle();
    let isIdle = false;
    loop.push([1, 2]);
    const idle = loop.idle().then(() => {
      isIdle = true;
    });
    await turn();
    await endBatch();
    expect(isIdle).toBe(false);
    await endBatch();
    await idle;
    expect(isIdle).toBe(true);
  });

  it('stops after the batch in hand, and leaves the rest unworked', async () => {
    const { loop, batches, endBatch } = handDriven(1);
    loop.push([1, 2]);
    await turn();
    const stopped = loop.stop();
    await endBatch();
    await stopped;
    loop.push([3]);
    await turn();
    expect(batches).toEqual([[1]]);
  });
});
