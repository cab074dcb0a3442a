import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { keptRun } from '../terminal/kept-run.js';

@Participant('shop')
class Shop {
  async ship(_n: number): Promise<void> {
    throw new Error('no lorry');
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<number>({ name: 'order', version: 1 })
  .step('ship', { run: (n) => shop.ship(n), pivot: true, retry: { attempts: 1 } })
  .done();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-many-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('Of many sagas whose owner does not answer, those that were not asked are counted apart', async () => {
  const file = join(folder, 'skald.db');
  const app = await Skald.embedded({ file, log: () => {} })
    .sagas(order)
    .participants(Shop)
    .start();
  for (let n = 0; n < 60; n += 1) await app.sagas.start(order, n, { id: `${n}` });
  while ((await app.sagas.count()).suspended !== 60) await new Promise((resolve) => setImmediate(resolve));
  await app.stop();
  const store = await openSqliteStore({ file });
  const args = ['retry', '--all', '--yes', '-r', 'it is back', '--patience', '50ms', '--data', folder];
  const { code, out } = await keptRun(args, { env: { SKALD_BY: 'ada' } });
  expect(code).toBe(1);
  const [, refused, unasked] = /^retry: 0 recorded, (\d+) refused, (\d+) not asked$/.exec(out.at(-1) ?? '') ?? [];
  expect(Number(refused) + Number(unasked)).toBe(60);
  expect(Number(unasked)).toBeGreaterThan(0);
  await store.close();
});
