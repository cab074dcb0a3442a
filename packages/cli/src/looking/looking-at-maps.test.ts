import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { keptRun } from '../terminal/kept-run.js';

@Participant('shipping')
class Shipping {
  @SagaStep({ compensation: 'recall' })
  async dispatch(line: number): Promise<{ parcel: number }> {
    if (line % 100 === 99) throw new BusinessError(`line ${line} is broken`);
    return { parcel: line };
  }

  async recall(line: number): Promise<void> {
    if (line % 50 === 7) throw new Error('the carrier does not answer');
  }
}

const shipping = participant<Shipping>('shipping');
const order = defineSaga<number>({ name: 'order', version: 1 })
  .map('ship', {
    ...{ concurrency: 20, tolerate: { share: 0.1 }, compensationRetry: { attempts: 1 } },
    items: (lines) => Array.from({ length: lines }, (_, line) => line),
    run: (line) => shipping.dispatch(line),
  })
  .signal('approval')
  .done();

const LINES = 200;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-maps-'));
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(order)
    .participants(Shipping)
    .start();
  const { sagas } = app;
  const until = async (id: string, isSo: (state: Awaited<ReturnType<typeof sagas.get>>) => boolean) => {
    while (!isSo(await sagas.get(id))) await new Promise(setImmediate);
  };
  for (const id of ['waits', 'stuck']) await sagas.start(order, LINES, { id });
  for (const id of ['waits', 'stuck']) await until(`order-${id}`, ({ steps }) => steps.get('approval')?.status === 'waiting');
  await sagas.cancel('order-stuck', { reason: 'a test', by: 'ann' });
  await until('order-stuck', ({ parked, maps }) => parked.size === 4 && maps.get('ship')?.line.length === 0);
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function skald(...args: readonly string[]): Promise<readonly string[]> {
  return (await keptRun([...args, '--data', folder])).out;
}

const marked = (lines: readonly string[]) =>
  lines.filter((line) => /^ +(· )?[^\s\w] (ship|approval)/.test(line)).map((line) => line.trim());

describe('A saga with a map of many items', () => {
  test('is shown with their number, and those that something is to be said about below it', async () => {
    expect(marked(await skald('show', 'order-waits'))).toEqual([
      expect.stringMatching(/^✔ ship +succeeded +\S+ m?s +200 of 200 items through, 2 of them failed and let go$/),
      expect.stringMatching(/^· ⤷ ship\/99 +caught .*line 99 is broken$/),
      expect.stringMatching(/^· ⤷ ship\/199 +caught .*line 199 is broken$/),
      expect.stringMatching(/^◷ approval +waiting for signal approval/),
    ]);
    expect(marked(await skald('show', 'order-waits', '--items'))).toHaveLength(LINES + 2);
  });

  test('is shown with those items that wait for a person, each with what can be done', async () => {
    const out = await skald('show', 'order-stuck');
    expect(marked(out).filter((line) => line.includes('waits for you'))).toHaveLength(4);
    expect(out.filter((line) => line.includes('compensation:ship/107 '))).toHaveLength(4);
  });

  test('gives each item in JSON, and how many there are', async () => {
    const { steps } = JSON.parse((await skald('show', 'order-waits', '--json'))[0] ?? '');
    expect(steps).toHaveLength(LINES + 2);
    expect(steps[0]).toMatchObject({ id: 'ship', items: { count: 200, through: 200, lost: 2, atWork: 0, undone: 0 } });
  });

  test('has a plan in which items that fare alike share a line', async () => {
    const out = await skald('plan', 'order-waits');
    const undone = out.filter((line) => line.includes('↩'));
    expect(undone).toHaveLength(10);
    expect(undone[0]).toMatch(/^ {2}1 {3}↩ ship, 20 items +by shipping, which undoes dispatch +it succeeded$/);
    expect(out.at(-2)).toMatch(/ship\/99 +it failed/);
  });

  test('is told in one lane, and so that its words have room', async () => {
    const out = await skald('replay', 'order-stuck');
    expect(out.find((line) => line.includes('ship/40 succeeded'))).toMatch(/ms {2}✔ +ship\/40 succeeded \{"parcel":40\}$/);
    expect(out.find((line) => line.includes('undo ship/40 succeeded'))).toMatch(/s {2}✔ +undo ship\/40 succeeded$/);
  });
});
