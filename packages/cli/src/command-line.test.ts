import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { keptRun } from './terminal/kept-run.js';

@Participant('stock')
class Stock {
  @SagaStep({ compensation: 'release' })
  async reserve(_sku: string): Promise<string> {
    return 'r-1';
  }

  async release(_sku: string): Promise<void> {}

  async ship(_sku: string): Promise<void> {
    throw new BusinessError('no lorry');
  }
}

const stock = participant<Stock>('stock');
const saga = defineSaga<string>({ name: 'order', version: 1 })
  .step('reserve', (sku) => stock.reserve(sku))
  .step('ship', (sku) => stock.ship(sku))
  .done();

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-cli-'));
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(saga)
    .participants(Stock)
    .start();
  await (await app.sagas.start(saga, 'tea', { id: '1' })).ended();
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function skald(...args: readonly string[]) {
  return keptRun(args);
}

describe('skald replay', () => {
  test('tells what happened to a saga, with the folder before or after the verb', async () => {
    const { code, out, err } = await skald('replay', 'order-1', '--data', folder);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out[0]).toMatch(/^order-1 {2}compensated, /);
    expect(out.map((line) => line.replace(/^.*ms {2}/, '')).slice(2)).toEqual([
      '◆  started with "tea"',
      '●  reserve asks stock.reserve "tea"',
      '✔  reserve succeeded "r-1"',
      '●  ship asks stock.ship "tea"',
      '✘  ship failed: BusinessError: no lorry',
      '↩  the saga turns back: ship failed, BusinessError: no lorry',
      '○  undo reserve asks that stock.reserve be undone',
      '✔  undo reserve succeeded',
      '◆  compensated: all that was done is undone',
    ]);
    expect((await skald(`--data=${folder}`, 'replay', 'order-1')).out).toEqual(out);
    expect((await skald('--data', folder, 'replay', 'order-1')).out).toEqual(out);
  });

  test('tells how it stood after an event', async () => {
    const { code, out } = await skald('replay', 'order-1', '--data', folder, '--at', '3');
    expect(code).toBe(0);
    expect(out[0]).toMatch(/^order-1 at revision 3 of 8 \(.*Z, \d+ ms after the start\)$/);
    expect(out.slice(1)).toEqual([
      'status   running',
      'input    "tea"',
      'steps',
      '  reserve: succeeded "r-1"',
      '  ship: requested',
      'owed',
      '  ship: stock.ship, attempt 1',
      'due',
      '  step:ship: in 1 min',
    ]);
  });

  test('gives the events as JSON, one a line', async () => {
    const { out } = await skald('replay', 'order-1', '--data', folder, '--json');
    expect(out.map((line) => JSON.parse(line).revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      type: 'SagaStarted',
      at: expect.any(Number),
      data: { sagaId: 'order-1' },
      hash: expect.any(String),
    });
    expect((await skald('replay', 'order-1', '--data', folder, '--json', '--at', '2')).out).toEqual(out.slice(0, 3));
  });

  test.each([
    [['order-2'], 'There is no saga order-2'],
    [['order-1', '--at', '9'], 'order-1 has no revision 9: it has 0 to 8'],
  ])('%j is not there: 1', async (args, message) => {
    const { code, out, err } = await skald('replay', '--data', folder, ...args);
    expect({ code, out }).toEqual({ code: 1, out: [] });
    expect(err).toContain(message);
  });

  test('a store that is not there or is none: 1', async () => {
    expect(await skald('replay', 'order-1', '--data', join(folder, 'nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('store-unavailable'),
    });
    const other = mkdtempSync(join(folder, 'other-'));
    writeFileSync(join(other, 'skald.db'), 'this is no database');
    expect(await skald('replay', 'order-1', '--data', other)).toMatchObject({ code: 1, err: expect.stringContaining('store-corrupt') });
  });

  test.each([
    [['replay'], "missing required argument 'saga-id'"],
    [['replay', 'order-1', 'order-2'], 'too many arguments'],
    [['replay', 'order-1', '--at', 'x'], '--at x: a revision, '],
    [['replay', 'order-1', '--what'], '--what'],
    [['replay', 'order-1', '--data'], '--data'],
    [['repaly', 'order-1'], 'Did you mean replay?'],
    [['--json'], 'a verb is missing'],
    [['list', '--status', 'well'], '--status well: there is running, '],
    [['list', '--limit', '0'], '--limit 0: a whole number from 1 on'],
    [['list', '--started-after', 'noon'], '--started-after noon: neither a time ago'],
  ])('%j is not understood: 2', async (args, message) => {
    const { code, err } = await skald(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test('help is help', async () => {
    expect((await skald('--help')).out[0]).toContain('Usage: skald [options] <verb>');
    expect(await skald('replay', '--help')).toMatchObject({ code: 0, err: '' });
    expect((await skald()).code).toBe(2);
  });
});
