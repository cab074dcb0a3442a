import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type RunningSkald, Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { openSqliteStore, sqliteFence } from '@skald/event-store-sqlite';
import { stepGraph } from '@skald/kernel';
import { conformOne } from './conform-store.js';

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'putBack' })
  async reserve(item: string): Promise<string> {
    return item;
  }

  async putBack(item: string): Promise<void> {
    if (item === 'glass') throw new Error('it broke');
  }

  async charge(item: string): Promise<void> {
    if (item !== 'lamp') throw new BusinessError('no money');
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1, mode: 'express' })
  .step('reserve', { run: (item) => shop.reserve(item), compensationRetry: { attempts: 1 } })
  .step('charge', (item) => shop.charge(item))
  .done();

let folder: string;
let file: string;
let app: RunningSkald;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
  app = await Skald.embedded({ file, log: () => {} })
    .sagas(order)
    .participant(Shop, { fence: sqliteFence(new DatabaseSync(':memory:')) })
    .start();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('Conformance of an express saga', () => {
  it('has nothing to compare in a summary, and every decision of one that went on as a standard saga', async () => {
    for (const item of ['lamp', 'sofa', 'glass']) await app.sagas.start(order, item, { id: item });
    await app.stop();
    const store = await openSqliteStore({ file });
    const decisions = [];
    for (const item of ['lamp', 'sofa', 'glass']) {
      const conformance = await conformOne(store.events, `order-${item}`, [{ program: stepGraph(order) }]);
      if (!('replay' in conformance)) throw new Error(conformance.problem);
      expect(conformance.replay.difference).toBeUndefined();
      decisions.push(conformance.replay.decisions);
    }
    await store.close();
    expect(decisions).toEqual([0, 0, 4]);
  });
});
