import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { statusOf } from '@skald/kernel';
import { runCommandLine } from '../command-line.js';
import { type KeptRunOptions, keptRun } from '../terminal/kept-run.js';
import { keptTerminal } from '../terminal/kept-terminal.js';
import type { Terminal } from '../terminal/terminal.js';

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'release' })
  async reserve(_item: string): Promise<string> {
    return 'r-1';
  }

  async release(item: string): Promise<void> {
    if (item === 'car') throw new Error('the warehouse does not answer');
  }

  async charge(item: string): Promise<string> {
    if (item !== 'tea' && item !== 'lamp') throw new BusinessError('the card was declined');
    return 'paid';
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1, deadline: '2d' })
  .step('reserve', { run: (item) => shop.reserve(item), compensationRetry: { attempts: 1 } })
  .step('charge', { after: 'reserve', run: (item) => shop.charge(item) })
  .signal('approval', { after: 'reserve', when: (item) => item === 'lamp', timeout: '1d' })
  .attributes({ item: (item) => item, letters: (item) => item.length })
  .done();

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-looking-'));
  const suspended: (() => void)[] = [];
  const moved = (state: Parameters<typeof statusOf>[0]) => void (statusOf(state) === 'suspended' && suspended.pop()?.());
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(order)
    .participants(Shop)
    .observe({ moved })
    .start();
  await (await app.sagas.start(order, 'tea', { id: 'completed' })).ended();
  await (await app.sagas.start(order, 'vase', { id: 'compensated' })).ended();
  const stuck = new Promise<void>((resolve) => suspended.push(resolve));
  await app.sagas.start(order, 'car', { id: 'suspended' });
  await stuck;
  await app.sagas.start(order, 'lamp', { id: 'running' });
  while ((await app.sagas.get('order-running')).steps.get('charge')?.status !== 'succeeded') await new Promise(setImmediate);
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function skald(...args: readonly string[]) {
  return run({}, ...args, '--data', folder);
}

function run(options: KeptRunOptions, ...args: readonly string[]) {
  return keptRun(args, options);
}

const idsIn = (out: readonly string[]) => out.map((line) => JSON.parse(line).sagaId);

describe('skald list', () => {
  test('shows the newest first, aligned, and how much of all that is on the other stream', async () => {
    const { code, out, err } = await skald('list');
    expect(code).toBe(0);
    expect(out[0]).toMatch(/^STATUS +FOR +SAGA +STARTED +DUE +WHY$/);
    expect(out.slice(1).map((line) => line.match(/order-\w+/)?.[0])).toEqual(
      ['running', 'suspended', 'compensated', 'completed'].map((id) => `order-${id}`),
    );
    expect(new Set(out.map((line) => line.search(/SAGA|order-/))).size).toBe(1);
    expect(err).toBe('4 sagas: 1 running, 1 suspended, 1 completed, 1 compensated.');
  });

  test.each([
    [['--status', 'suspended'], ['order-suspended']],
    [
      ['--status', 'completed,running'],
      ['order-running', 'order-completed'],
    ],
    [['--error', 'WAREHOUSE'], ['order-suspended']],
    [['--saga', 'other'], []],
    [['-a', 'item=te*'], ['order-completed']],
    [['-a', 'letters=4..5', '-a', 'item=lamp'], ['order-running']],
    [['-a', 'letters="4"'], []],
    [['--started-before', '1h'], []],
    [['--started-after', '1h', '--limit', '1'], ['order-running']],
    [['--started-after', '2020-01-01', '--started-before', '2020-01-02'], []],
  ])('%j chooses', async (args, ids) => {
    expect(idsIn((await skald('list', ...args, '--json')).out)).toEqual(ids);
  });

  test('follows until it is interrupted', async () => {
    const interruption = new AbortController();
    const following = run({ interrupted: interruption.signal }, 'list', '--follow', '--json', '--data', folder);
    interruption.abort();
    expect(idsIn((await following).out)).toHaveLength(4);
  });

  test('can be interrupted in order from the first line on that is seen', async () => {
    const happened: string[] = [];
    const interruption = new AbortController();
    const terminal: Terminal = {
      ...keptTerminal(),
      out: () => void happened.push('line'),
      interrupted: () => {
        happened.push('listens');
        interruption.abort();
        return interruption.signal;
      },
    };
    expect(await runCommandLine(['list', '--follow', '--data', folder], terminal)).toBe(0);
    expect(happened.slice(0, 2)).toEqual(['listens', 'line']);
  });

  test('is cut to the terminal, and never wider', async () => {
    for (const width of [120, 80, 60, 40]) {
      const { out } = await run({ width }, 'list', '--data', folder);
      expect(Math.max(...out.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(out[2]).toMatch(/^! suspended +.* order-suspended/);
    }
  });
});

describe('skald show', () => {
  test('says where a saga is stuck, and the command lines that help', async () => {
    const { out } = await skald('show', 'order-suspended');
    expect(out[0]).toMatch(/^order-suspended {2}! suspended for /);
    expect(out.join('\n')).toMatch(
      /\nwaits for you\n {2}! compensation:reserve, .*: Error: the warehouse does not answer\n {4}skald retry order-suspended {2}/,
    );
  });

  test('shows what runs side by side as branches, and what it waits for', async () => {
    const { out } = await skald('show', 'order-running');
    expect(out.filter((line) => /reserve|charge|approval/.test(line)).map((line) => line.slice(0, 30).trimEnd())).toEqual([
      '  ✔ reserve      succeeded',
      '  ├─ ✔ charge    succeeded',
      '  └─ ◷ approval  waiting for s',
      expect.stringMatching(/^ {2}in 24 h .*/),
      expect.stringContaining('  skald signal order-running ap'.slice(0, 30)),
    ]);
  });

  test('is one document as JSON', async () => {
    const { out } = await skald('show', 'order-suspended', '--json');
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      sagaId: 'order-suspended',
      status: 'suspended',
      steps: [{ id: 'reserve', status: 'succeeded', compensation: { parked: true } }, { id: 'charge', status: 'failed' }, {}],
      parked: [{ target: 'compensation:reserve', actions: expect.arrayContaining(['retry', 'skip', 'succeed']) }],
    });
  });
});

describe('skald history, plan and replay', () => {
  test('history gives the events as they are stored', async () => {
    const { out } = await skald('history', 'order-completed', '--type', 'SagaStarted');
    expect(out).toEqual([expect.stringMatching(/^0 {2}\d{4}-.*Z {2}SagaStarted {2}\{"sagaId":"order-completed"/)]);
    expect((await skald('history', 'order-completed', '--from', '1', '--json')).out.map((line) => JSON.parse(line).revision)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  test('plan says what a cancel would undo', async () => {
    const { out } = await skald('plan', 'order-running');
    expect(out).toEqual(expect.arrayContaining(['order-running  can be cancelled: skald cancel order-running', '  approval']));
    expect(out.find((line) => line.startsWith('  1'))).toBe('  1  ↩ reserve  by shop, which undoes reserve  it succeeded');
    expect((await skald('plan', 'order-completed')).out).toEqual(['order-completed  has ended']);
  });

  test('--diff says what changed, in both directions', async () => {
    const { out } = await skald('replay', 'order-completed', '--diff', '0..7');
    expect(out).toEqual(expect.arrayContaining(['- status  running', '+ status  completed', '+ step reserve  succeeded "r-1"']));
    expect((await skald('replay', 'order-completed', '--diff', '7..0')).out).toEqual(expect.arrayContaining(['+ status  running']));
    expect(await skald('replay', 'order-completed', '--diff', '3')).toMatchObject({ code: 2 });
    expect(await skald('replay', 'order-completed', '--diff', '3..99')).toMatchObject({ code: 1 });
  });

  test('--at takes a time, too', async () => {
    expect((await skald('replay', 'order-completed', '--at', '+1h')).out[0]).toContain('at revision 7 of 7');
    expect((await skald('replay', 'order-completed', '--at', '2020-01-01')).err).toContain('had not been started then');
    expect(await skald('replay', 'order-completed', '--at', 'noon')).toMatchObject({ code: 2 });
  });

  test('--step walks with the keys, and leaves the screen as it was', async () => {
    const screens: (readonly string[] | undefined)[] = [];
    const keys = async function* () {
      yield* ['right', 'right', 'end', 'left', 'q'];
    };
    const person = {
      ask: async () => '',
      progress: () => undefined,
      rows: 30,
      screen: (lines?: readonly string[]) => void screens.push(lines),
      keys,
    };
    expect((await run({ person, width: 80 }, 'replay', 'order-completed', '--step', '--data', folder)).code).toBe(0);
    const standing = screens.map((lines) => lines?.find((line) => line.startsWith('▶'))?.match(/▶ (\d+)/)?.[1]);
    expect(standing).toEqual(['0', '1', '2', '7', '6', undefined]);
    expect(await skald('replay', 'order-completed', '--step')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--step is for a terminal'),
    });
  });
});

describe('skald doctor', () => {
  test('says what is wrong and what to do: 3', async () => {
    const { code, out } = await skald('doctor');
    expect(code).toBe(3);
    expect(out.join('\n')).toMatch(/! application {2}nobody has the store open: sagas stand still\n +→ Start the application/);
    expect(out.join('\n')).toContain('! for you      1 saga waits for a person, order-suspended for');
    const checks = (await skald('doctor', '--json')).out.map((line) => JSON.parse(line));
    expect(checks.map(({ name, level }) => `${name} ${level}`)).toEqual([
      ...['store good', 'application warning', 'index good', 'sagas good', 'for you warning', 'versions good', 'due good', 'clock good'],
    ]);
  });

  test('tells a clock that is behind, and what is overdue', async () => {
    const at = async (now: number) => (await run({ now: () => now }, 'doctor', '--data', folder)).out.join('\n');
    expect(await at(Date.now() - 3_600_000)).toMatch(/✘ clock {8}the newest event is from .* ahead: this machine's clock/);
    expect(await at(Date.now() + 3 * 86_400_000)).toMatch(/! due {10}1 saga is overdue, order-running by 2 d/);
  });

  test('tells a store that is not there', async () => {
    const { code, out } = await run({}, 'doctor', '--data', join(folder, 'nowhere.db'));
    const fix = expect.stringMatching(/^ +→ Check that the folder exists/);
    expect({ code, out }).toEqual({ code: 3, out: [expect.stringContaining('there is no such file'), fix] });
  });
});

describe('skald definitions', () => {
  test('lists and draws what was deployed, without its code', async () => {
    expect((await skald('definitions', 'list')).out[1]).toMatch(/^order {2}1 +3 +2 d +(.* ago|just now) +2$/);
    const { out } = await skald('definitions', 'diagram', 'order');
    expect(out[0]).toContain('  s0 --> s1\n  s0 -.-> s2');
    expect((await skald('definitions', 'diagram', 'order', '-f', 'dot')).out[0]).toContain('"reserve" -> "approval" [style=dashed];');
    const file = join(folder, 'order.svg');
    expect((await skald('definitions', 'diagram', 'order', '-f', 'svg', '-o', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/<svg[\s\S]*waits: signal approval[\s\S]*<\/svg>/);
    expect(await skald('definitions', 'diagram', 'other')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no saga other here'),
    });
  });

  test('lints and compares a module', async () => {
    const module = (steps: string) => {
      const file = join(folder, `${steps.length}.mjs`);
      const retry = '{ attempts: 1, backoff: "fixed", delay: 1, maxDelay: 1, jitter: 0 }';
      const step = `({ kind: "command", after: [], pivot: false, timeout: 1000, retry: ${retry}, compensationTimeout: 1, compensationRetry: ${retry} })`;
      writeFileSync(file, `const step = ${step}; export const order = { name: 'order', version: 1, steps: [${steps}] };`);
      return file;
    };
    const fine = module("{ ...step, id: 'reserve' }");
    const wrong = module("{ ...step, id: 'a', after: ['b'] }");
    expect(await skald('definitions', 'lint', '--definitions', fine)).toMatchObject({ code: 0, out: [] });
    const linted = await skald('definitions', 'lint', '--definitions', wrong);
    expect({ code: linted.code, out: linted.out[0] }).toEqual({ code: 3, out: expect.stringContaining('✘ order, a: ') });
    const pivot = module(
      "{ ...step, id: 'a', run: () => ({ participant: 'order', action: 'start', args: [], child: { version: 1 } }) }, { ...step, id: 'b', after: ['a'], pivot: true }",
    );
    const family = await skald('definitions', 'lint', '--definitions', pivot);
    expect({ code: family.code, out: family.out[0] }).toEqual({
      code: 3,
      out: expect.stringMatching(/✘ order, a: it starts saga order, whose step b is a pivot.*\[child-with-pivot\]/),
    });
    const diff = await skald('definitions', 'diff', '--definitions', fine);
    expect(diff).toMatchObject({ code: 3, out: expect.arrayContaining(['! order, version 1:', '    step charge is gone']) });
    expect((await skald('definitions', 'diff', '--definitions', fine, '--against', fine)).out).toEqual(['✔ order, version 1: the same']);
    expect(await skald('definitions', 'lint')).toMatchObject({ code: 2, err: expect.stringContaining('--definitions') });
  });
});
