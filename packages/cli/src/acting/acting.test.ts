import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RunningSkald, Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { openRequestBox, openSqliteStore } from '@skald/event-store-sqlite';
import { type KeptRunOptions, keptRun } from '../terminal/kept-run.js';

/** Whether the warehouse answers. */
const warehouse = { isUp: false };

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'release' })
  async reserve(_item: string): Promise<string> {
    return 'r-1';
  }

  async release(_item: string): Promise<void> {
    if (!warehouse.isUp) throw new Error('the warehouse does not answer');
  }

  async charge(item: string): Promise<string> {
    if (item === 'sofa') throw new BusinessError('the card was declined');
    return 'paid';
  }

  async ship(item: string): Promise<string> {
    if (item === 'piano') throw new Error('no lorry');
    return 'shipped';
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1 })
  .step('reserve', { run: (item) => shop.reserve(item), compensationRetry: { attempts: 1 } })
  .step('charge', (item) => shop.charge(item))
  .signal('approval', { when: (item) => item === 'lamp' })
  .wait('coolOff', { when: (item) => item === 'vase', for: '2h' })
  .step('ship', { run: (item) => shop.ship(item), pivot: true, retry: { attempts: 1 } })
  .done();

let folder: string;
let app: RunningSkald;

beforeEach(async () => {
  warehouse.isUp = false;
  folder = mkdtempSync(join(tmpdir(), 'skald-acting-'));
  app = await running();
});

afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

function running(): Promise<RunningSkald> {
  const skald = Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} }).sagas(order);
  return skald.participants(Shop).start();
}

/** Starts an order and waits until it stands so. */
async function ordered(item: string, id: string, status: string): Promise<void> {
  await app.sagas.start(order, item, { id });
  await until(async () => (await skald('show', `order-${id}`, '--json')).document.status === status);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

function skald(...args: readonly string[]) {
  return run({}, ...args);
}

async function run(options: KeptRunOptions, ...args: readonly string[]) {
  const { code, out, err } = await keptRun([...args, '--data', folder], { env: { SKALD_BY: 'ada' }, ...options });
  const parse = () => JSON.parse(out.at(-1) ?? 'null');
  return {
    code,
    out,
    err,
    get document() {
      return parse();
    },
  };
}

describe('What is parked', () => {
  test('is asked again, with who and why on record', async () => {
    await ordered('sofa', '1', 'suspended');
    warehouse.isUp = true;
    const { code, out } = await skald('retry', 'order-1', '--reason', 'the warehouse is back');
    expect({ code, out }).toEqual({
      code: 0,
      out: [expect.stringMatching(/^order-1: retry compensation:reserve is recorded; it is . comp/)],
    });
    expect((await app.sagas.ended('order-1')).status).toBe('compensated');
    const acted = (await app.sagas.history('order-1')).find(({ type }) => type === 'OperatorIntervened');
    expect(acted?.data).toMatchObject({ action: 'retry', target: 'compensation:reserve', by: 'ada', reason: 'the warehouse is back' });
  });

  test.each([['reserve'], ['compensation:reserve']])('is named as %s', async (target) => {
    await ordered('sofa', '1', 'suspended');
    expect((await skald('skip', 'order-1', target, '-r', 'by hand', '--json')).document).toMatchObject({
      sagaId: 'order-1',
      operation: 'skip',
      target: 'compensation:reserve',
      seen: expect.any(Number),
      outcome: 'done',
    });
    expect((await app.sagas.ended('order-1')).status).toBe('compensated');
  });

  test('did happen, with a result from a file', async () => {
    await ordered('piano', '1', 'suspended');
    writeFileSync(join(folder, 'result.json'), '"by ship"');
    expect((await skald('succeed', 'order-1', 'ship', `@${join(folder, 'result.json')}`, '-r', 'seen at the port')).code).toBe(0);
    expect(await app.sagas.result('order-1')).toMatchObject({ ship: 'by ship' });
  });

  test('did not happen: the saga turns back', async () => {
    await ordered('piano', '1', 'suspended');
    warehouse.isUp = true;
    expect((await skald('fail', 'order-1', '-r', 'still in the hall')).code).toBe(0);
    expect((await app.sagas.ended('order-1')).status).toBe('compensated');
  });

  test.each([
    [['retry', 'order-1', '-r', 'x'], 'there is nothing to retry: nothing of it waits for a person; it is running'],
    [['retry', 'order-2', 'charge', '-r', 'x'], 'there is nothing to retry: what waits is compensation:reserve'],
    [['fail', 'order-2', '-r', 'x'], 'action-not-possible'],
    [['retry', 'order-3', '-r', 'x'], 'saga-not-found'],
  ])('%j cannot be done: 1', async (args, message) => {
    await ordered('lamp', '1', 'running');
    await ordered('sofa', '2', 'suspended');
    const { code, err } = await skald(...args);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(message) });
  });
});

describe('A saga under way', () => {
  test('is told what it waits for', async () => {
    await ordered('lamp', '1', 'running');
    expect((await skald('signal', 'order-1', 'approval', '{"yes":true}')).code).toBe(0);
    expect(await app.sagas.result('order-1')).toMatchObject({ approval: { yes: true }, ship: 'shipped' });
  });

  test('waits no longer', async () => {
    await ordered('vase', '1', 'running');
    await until(async () => (await app.sagas.get('order-1')).steps.get('coolOff')?.status === 'waiting');
    expect((await skald('move', 'order-1', 'coolOff', '--until', 'now', '-r', 'the customer calls')).code).toBe(0);
    expect(await app.sagas.result('order-1')).toMatchObject({ ship: 'shipped' });
  });

  test('is held, goes on, and is cancelled', async () => {
    await ordered('lamp', '1', 'running');
    expect((await skald('suspend', 'order-1', '-r', 'fraud?')).out[0]).toContain('suspended now');
    expect((await skald('resume', 'order-1', '-r', 'no')).out[0]).toContain('running now');
    warehouse.isUp = true;
    expect((await skald('cancel', 'order-1', '-r', 'no more')).code).toBe(0);
    expect((await app.sagas.ended('order-1')).status).toBe('cancelled');
    expect((await skald('terminate', 'order-1', '-r', 'x')).err).toContain('[saga-ended]');
  });

  test('is started, and waited for', async () => {
    const { code, out } = await skald('start', 'order', '"tea"', '--id', '1', '--wait');
    expect({ code, out }).toEqual({ code: 0, out: [expect.stringContaining('order-1: started; it is completed {"reserve":"r-1"')] });
    expect((await skald('start', 'order', '"tea"', '--id', '1')).out[0]).toBe('order-1: was there already, with this input');
    expect((await skald('start', 'order', '"salt"', '--id', '1')).err).toContain('[saga-exists]');
    const declined = await skald('start', 'order', '"sofa"', '--id', '2', '--wait', '--json');
    expect({ code: declined.code, document: declined.document }).toMatchObject({
      code: 1,
      document: { sagaId: 'order-2', status: 'suspended' },
    });
  });

  test('repeats under the same request do nothing twice', async () => {
    await ordered('lamp', '1', 'running');
    for (let time = 0; time < 2; time += 1) {
      expect((await skald('signal', 'order-1', 'approval', '1', '--request', 'r7')).code).toBe(0);
    }
    const signals = (await app.sagas.history('order-1')).filter(({ type }) => type === 'SignalReceived');
    expect(signals).toHaveLength(1);
  });
});

describe('Many sagas', () => {
  beforeEach(async () => {
    for (const id of ['1', '2', '3']) await ordered('sofa', id, 'suspended');
    await ordered('lamp', '4', 'running');
    warehouse.isUp = true;
  });

  test('are named and not touched by a dry run', async () => {
    const { code, out } = await skald('retry', '--saga', 'order', '--dry-run');
    expect(code).toBe(0);
    expect(out.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual(
      ['3', '2', '1'].map((id) => [`retry order-${id}`, 'compensation:reserve']),
    );
    expect((await skald('retry', '--all', '-n', '--json')).out.map((line) => JSON.parse(line))).toHaveLength(3);
    expect((await app.sagas.count()).suspended).toBe(3);
  });

  test('are dealt with at once, each refusal told', async () => {
    const { code, out } = await skald('retry', '--error', 'warehouse', '--yes', '-r', 'it is back');
    expect({ code, out }).toEqual({ code: 0, out: ['retry: 3 recorded'] });
    for (const id of ['1', '2', '3']) expect((await app.sagas.ended(`order-${id}`)).status).toBe('compensated');
    const cancelled = await skald('cancel', '--status', 'running,compensated', '--yes', '-r', 'x', '--json');
    expect(cancelled.code).toBe(1);
    const outcomes = cancelled.out.map((line) => JSON.parse(line));
    expect(
      outcomes
        .filter(({ outcome }) => outcome === 'refused')
        .map(({ sagaId }) => sagaId)
        .sort(),
    ).toEqual(['order-1', 'order-2', 'order-3']);
    expect(outcomes.filter(({ outcome }) => outcome === 'done')).toEqual([expect.objectContaining({ sagaId: 'order-4' })]);
  });

  test('are meant only if somebody says so', async () => {
    expect(await skald('retry', '--all', '-r', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('3 would be meant: --yes does it'),
    });
    const asked: string[] = [];
    const ask = async (question: string, answer: string) => {
      asked.push(question);
      return answer;
    };
    const person = (answer: string) => ({
      person: { ask: (question: string) => ask(question, answer), progress: () => undefined },
    });
    expect(await run(person('n'), 'retry', '--all', '-r', 'x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing was done.'),
    });
    expect((await app.sagas.count()).suspended).toBe(3);
    expect((await run(person('y'), 'retry', '--all', '-r', 'x')).out).toEqual(['retry: 3 recorded']);
    expect(asked).toEqual(['retry these 3? [y/N] ', 'retry these 3? [y/N] ']);
  });
});

describe('What is not understood: 2', () => {
  test.each([
    [['cancel', 'order-1'], 'a reason is wanted'],
    [['cancel', '-r', 'x'], 'name a saga, or choose some with --saga'],
    [['cancel', 'order-1', '-r', 'x', '--dry-run'], '--dry-run is for many sagas'],
    [['signal', 'order-1', 'approval', 'yes'], 'the payload is no JSON'],
    [['signal', 'order-1', 'approval', '@nowhere.json'], 'the payload from nowhere.json cannot be read'],
    [['move', 'order-1', 'coolOff', '-r', 'x', '--until', 'soon'], '--until soon: neither "now"'],
  ])('%j', async (args, message) => {
    expect(await skald(...args)).toMatchObject({ code: 2, out: [], err: expect.stringContaining(message) });
  });
});

describe('Where no application runs', () => {
  test('nothing is done, and that is said', async () => {
    await app.stop();
    const { code, err } = await skald('start', 'order', '"tea"');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/No application has .*skald\.db open.* Nothing was done\. \[no-application\]\n {2}Start it/),
    });
  });

  test('it is left for the next start where that is wanted', async () => {
    await app.stop();
    expect((await skald('start', 'order', '"tea"', '--id', '1', '--later')).out[0]).toContain('left for the next start of the application');
    app = await running();
    await until(async () => (await app.sagas.list()).sagas.length === 1);
    expect(await app.sagas.result('order-1')).toMatchObject({ ship: 'shipped' });
  });

  test('an owner that does not answer is named, and the request taken back', async () => {
    await app.stop();
    const store = await openSqliteStore({ file: join(folder, 'skald.db') });
    const { code, err } = await skald('start', 'order', '"tea"', '--patience', '50ms');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(new RegExp(`Process ${process.pid} on .* did not answer .* nothing was done. \\[no-answer\\]`)),
    });
    const box = openRequestBox(join(folder, 'skald.db'), { create: false });
    expect(box?.waiting()).toEqual([]);
    box?.close();
    await store.close();
  });

  test('a store that is shared is asked over its bus', async () => {
    await app.stop();
    const store = await openSqliteStore({ file: join(folder, 'skald.db'), shared: true });
    expect(await skald('start', 'order', '"tea"')).toMatchObject({ code: 1, err: expect.stringContaining('[shared-store]') });
    await store.close();
  });
});
