import { describe, expect, it } from '@jest/globals';
import { Pipeline } from './pipeline.js';

type Item = readonly [key: string, n: number];

/** Batches that the test lets go on, in the order in which they were begun. */
class Stages {
  readonly begun: { readonly items: Item[]; next(): void; end(): void }[] = [];
  readonly pipeline: Pipeline<Item>;
  most = 0;
  private open = 0;

  constructor(limit = 100, width = 3) {
    this.pipeline = new Pipeline<Item>(
      limit,
      width,
      ([key]) => key,
      (items, next) => {
        this.open += 1;
        this.most = Math.max(this.most, this.open);
        return new Promise<void>((resolve) => {
          const end = (): void => {
            this.open -= 1;
            resolve();
          };
          this.begun.push({ items, next, end });
        });
      },
    );
  }

  async texts(): Promise<string[]> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.begun.map(({ items }) => items.map(([key, n]) => `${key}${n}`).join(' '));
  }
}

const items = (...texts: readonly string[]): Item[] => texts.map((text) => [text.charAt(0), Number(text.slice(1))]);

describe('A pipeline', () => {
  it('takes what is waiting as one batch, and what comes meanwhile as the next', async () => {
    const stages = new Stages();
    stages.pipeline.push(items('a1'));
    stages.pipeline.push(items('b1'));
    expect(await stages.texts()).toEqual(['a1 b1']);
    stages.pipeline.push(items('c1', 'd1'));
    expect(await stages.texts()).toEqual(['a1 b1']);
    stages.begun[0]?.next();
    expect(await stages.texts()).toEqual(['a1 b1', 'c1 d1']);
  });

  it('L1: keeps back what has a key that is on its way, in order, and lets everything else go past', async () => {
    const stages = new Stages();
    stages.pipeline.push(items('a1', 'b1'));
    await stages.texts();
    stages.pipeline.push(items('a2', 'c1', 'a3', 'd1'));
    stages.begun[0]?.next();
    expect(await stages.texts()).toEqual(['a1 b1', 'c1 d1']);
    stages.begun[1]?.next();
    stages.begun[0]?.end();
    expect(await stages.texts()).toEqual(['a1 b1', 'c1 d1', 'a2 a3']);
  });

  it('L2: has so many on their way and no more', async () => {
    const stages = new Stages(1, 3);
    stages.pipeline.push(items('a1', 'b1', 'c1', 'd1', 'e1'));
    for (let n = 0; n < 5; n++) {
      await stages.texts();
      stages.begun[n]?.next();
    }
    expect(await stages.texts()).toEqual(['a1', 'b1', 'c1']);
    stages.begun[1]?.end();
    expect(await stages.texts()).toEqual(['a1', 'b1', 'c1', 'd1']);
    expect(stages.most).toBe(3);
  });

  it('L3: puts back ahead of what came later', async () => {
    const stages = new Stages();
    stages.pipeline.push(items('a1'));
    await stages.texts();
    stages.pipeline.push(items('a2'));
    stages.pipeline.pushFirst(items('a1'));
    stages.begun[0]?.end();
    expect(await stages.texts()).toEqual(['a1', 'a1 a2']);
  });

  it('begins nothing while it is held, and forgets what does not fit', async () => {
    const stages = new Stages();
    let goOn = (): void => {};
    const held = stages.pipeline.hold(
      new Promise((resolve) => {
        goOn = resolve;
      }),
    );
    stages.pipeline.push(items('a1', 'b1'));
    expect(await stages.texts()).toEqual([]);
    stages.pipeline.keep(([key]) => key === 'b');
    goOn();
    await held;
    expect(await stages.texts()).toEqual(['b1']);
  });

  it('stops when all that is on its way is through, and begins nothing more', async () => {
    const stages = new Stages();
    stages.pipeline.push(items('a1'));
    await stages.texts();
    stages.begun[0]?.next();
    stages.pipeline.push(items('b1'));
    await stages.texts();
    let stopped = false;
    const stopping = stages.pipeline.stop().then(() => {
      stopped = true;
    });
    stages.pipeline.push(items('c1'));
    stages.begun[0]?.end();
    await stages.texts();
    expect(stopped).toBe(false);
    stages.begun[1]?.end();
    await stopping;
    expect(await stages.texts()).toEqual(['a1', 'b1']);
  });
});
