import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, each, Participant, participant, Saga, type SagaContext, type SagaItem, SagaMap, SagaStep } from '@skald/decorators';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly id: string;
  readonly lines: readonly number[];
  readonly paid?: boolean;
}

/** What the participant was asked, over all lives of the process; the most that it had at work at once. */
let shipped: number[];
let recalled: string[];
let [atWork, most] = [0, 0];
let hold: Promise<void> | undefined;

@Participant('shipping')
class Shipping {
  @SagaStep({ compensation: 'recall' })
  async dispatch(line: number): Promise<{ parcel: string }> {
    atWork += 1;
    most = Math.max(most, atWork);
    if (line >= 5) await hold;
    atWork -= 1;
    if (line < 0) throw new BusinessError(`no line ${line}`);
    shipped.push(line);
    return { parcel: `p${line}` };
  }
  async recall(line: number, shipment?: { parcel: string }): Promise<void> {
    recalled.push(`${line} ${shipment?.parcel}`);
  }
  async close(paid: boolean): Promise<void> {
    if (!paid) throw new BusinessError('not paid');
  }
  async fetch(parcel: string): Promise<void> {
    recalled.push(parcel);
  }
}
const shipping = participant<Shipping>('shipping');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaMap({ concurrency: 4, tolerate: { failures: 2 } })
  ship(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line));
  }
  @SagaStep()
  close(order: Order) {
    return shipping.close(order.paid ?? true);
  }
  result(_order: Order, { results }: SagaContext<OrderSaga, 'ship'>) {
    return results.ship.map((shipment) => shipment?.parcel ?? null);
  }
}

@Saga({ name: 'own', version: 1 })
class OwnSaga {
  @SagaMap({ compensation: 'fetch' })
  ship(order: Order) {
    return each(order.lines, (line) => shipping.dispatch(line));
  }
  fetch({ item, result, index }: SagaItem<OwnSaga, 'ship'>) {
    return shipping.fetch(`${item} ${index} ${result?.parcel}`);
  }
  @SagaStep()
  close(order: Order) {
    return shipping.close(order.paid ?? true);
  }
}

const lines = (count: number): number[] => Array.from({ length: count }, (_, line) => line);
let folder: string;
let app: RunningSkald;
const begin = () =>
  Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(OrderSaga, OwnSaga)
    .participants(Shipping)
    .start();

beforeEach(async () => {
  [shipped, recalled, atWork, most, hold] = [[], [], 0, 0, undefined];
  folder = mkdtempSync(join(tmpdir(), 'skald-maps-'));
  app = await begin();
});
afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a saga with a step of many items', () => {
  it('has each of them done once, so many at a time, and gives their results in order', async () => {
    const saga = await app.sagas.start(OrderSaga, { id: '1', lines: [...lines(40), -1] });
    expect(await saga.result()).toEqual([...lines(40).map((line) => `p${line}`), null]);
    expect([...shipped].sort((a, b) => a - b)).toEqual(lines(40));
    expect(most).toBeLessThanOrEqual(4);
  });

  it('says how many failed, and which was the first, when more do than may', async () => {
    const saga = await app.sagas.start(OrderSaga, { id: '1', lines: [0, -1, 2, -3, -4, 5] });
    expect(await saga.ended()).toMatchObject({
      status: 'compensated',
      reason: 'TooManyFailures: 3 of 6 items failed, and 2 may; the first was ship/1: BusinessError: no line -1',
    });
    expect(recalled.sort()).toEqual(shipped.map((line) => `${line} p${line}`).sort());
  });

  it('goes on where it stood when its process begins anew: nothing is done twice, and the items are asked for again', async () => {
    let release = (): void => undefined;
    hold = new Promise((resolve) => {
      release = resolve;
    });
    const { sagaId } = await app.sagas.start(OrderSaga, { id: '1', lines: lines(30) }, { id: '1' });
    while ((await app.sagas.get(sagaId)).maps.get('ship')?.settled !== 5) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = app.stop();
    release();
    await stopped;
    app = await begin();
    expect(await app.sagas.result(sagaId)).toEqual(lines(30).map((line) => `p${line}`));
    expect([...shipped].sort((a, b) => a - b)).toEqual(lines(30));
  });

  it('undoes each item by its participant, or by its own method', async () => {
    const own = await app.sagas.start(OwnSaga, { id: '1', lines: [7, 8], paid: false });
    expect((await own.ended()).status).toBe('compensated');
    const theirs = await app.sagas.start(OrderSaga, { id: '2', lines: [9], paid: false });
    expect((await theirs.ended()).status).toBe('compensated');
    expect(recalled.sort()).toEqual(['7 0 p7', '8 1 p8', '9 p9']);
  });

  it('has a history of which each event is small, however many the items', async () => {
    const saga = await app.sagas.start(OrderSaga, { id: '1', lines: lines(100), paid: false });
    expect((await saga.ended()).status).toBe('compensated');
    const history = await app.sagas.history(saga.sagaId);
    const [, ...others] = history;
    expect(others.filter(({ type }) => type === 'CompensationSucceeded')).toHaveLength(100);
    expect(Math.max(...others.map(({ data }) => JSON.stringify(data).length))).toBeLessThan(1_000);
  });
});
