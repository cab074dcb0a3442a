import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
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

  async ship(sku: string): Promise<void> {
    if (sku === 'piano') throw new BusinessError('no lorry');
  }
}

const stock = participant<Stock>('stock');
const saga = defineSaga<string>({ name: 'order', version: 1 })
  .step('reserve', (sku) => stock.reserve(sku))
  .signal('approval')
  .step('ship', (sku) => stock.ship(sku))
  .done();

/** The same saga as a module for the command line; `replaced` tells another. */
const MODULE = `
const ask = (action) => (sku) => ({ participant: 'stock', action, args: [sku] });
const retry = { attempts: 3, backoff: 'exponential', delay: 100, maxDelay: 30000, jitter: 0.2 };
const again = { attempts: 20, backoff: 'exponential', delay: 200, maxDelay: 120000, jitter: 0.2 };
const command = (id, after) => ({ kind: 'command', id, after, run: ask(id), pivot: false, timeout: 60000, retry, compensationTimeout: 60000, compensationRetry: again });
export const order = {
  name: 'order', version: 1,
  steps: [
    command('reserve', []),
    { kind: 'signal', id: 'approval', after: ['reserve'], signal: 'approval', onTimeout: 'fail', receive: (payload) => payload },
    command('ship', ['approval']),
  ],
};`;

let folder: string;
let app: Awaited<ReturnType<Skald['start']>> | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-audit-'));
  let waits = () => {};
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const running = await Skald.embedded({ file: at('skald.db'), log: () => {} })
    .sagas(saga)
    .participants(Stock)
    .observe({ moved: ({ sagaId, steps }) => sagaId === 'order-3' && steps.get('approval')?.status === 'waiting' && waits() })
    .start();
  app = running;
  for (const [id, sku] of [
    ['1', 'tea'],
    ['2', 'piano'],
  ] as const) {
    const started = await running.sagas.start(saga, sku, { id });
    await running.sagas.signal(saga, id, 'approval', {});
    await started.ended();
  }
  await running.sagas.start(saga, 'tea', { id: '3' });
  await waiting;
  await stop();
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

async function stop(): Promise<void> {
  await app?.stop();
  app = undefined;
}

function at(name: string): string {
  return join(folder, name);
}

function skald(...args: readonly string[]) {
  return keptRun(['--data', at('skald.db'), ...args]);
}

function tamper(sql: string, ...values: readonly string[]): void {
  const db = new DatabaseSync(at('skald.db'));
  db.prepare(sql).run(...values);
  db.close();
}

const CHANGE = `UPDATE events SET data = replace(data, 'tea', 'gin') WHERE type = 'StepRequested' AND data LIKE '%"step":"reserve"%' AND data LIKE '%tea%'`;
const CUT = `DELETE FROM events WHERE position = (SELECT max(position) FROM events)`;
const CUT_HEAD = `UPDATE streams SET revision = revision - 1, hash = (SELECT hash FROM events e WHERE e.stream_id = streams.id ORDER BY revision DESC LIMIT 1)
  WHERE revision > (SELECT max(revision) FROM events e WHERE e.stream_id = streams.id)`;

describe('skald audit verify', () => {
  test('of a store that nobody touched: 0, for all and for one', async () => {
    expect(await skald('audit', 'verify', '--all')).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^\d+ events of 4 streams verified: nothing was changed, dropped, inserted or moved\.$/)],
    });
    expect(await skald('audit', 'verify', 'order-2')).toMatchObject({ code: 0 });
  });

  test('names saga, revision and what: 3', async () => {
    tamper(CHANGE);
    const { code, out } = await skald('audit', 'verify', '--all');
    expect({ code, out }).toEqual({
      code: 3,
      out: ['order-1', 'order-3'].map(
        (id) => `${id}, revision 1: changed: its type, data, metadata or hash is not what it was when it was written`,
      ),
    });
    expect(await skald('audit', 'verify', 'order-2')).toMatchObject({ code: 0 });
    const told = JSON.parse((await skald('audit', 'verify', 'order-1', '--json')).out[0] ?? '');
    expect(told.findings).toEqual([expect.objectContaining({ stream: 'order-1', revision: 1, kind: 'changed' })]);
  });

  test('finds a cut tail by the list of streams, and where that was mended too, by a checkpoint', async () => {
    expect(await skald('audit', 'keygen', '--key', at('k'))).toMatchObject({ code: 0 });
    expect(statSync(at('k')).mode & 0o777).toBe(0o600);
    expect(await skald('audit', 'keygen', '--key', at('k'))).toMatchObject({ code: 1 });
    writeFileSync(at('c1'), (await skald('audit', 'checkpoint', '--key', at('k'))).out.join('\n'));
    writeFileSync(at('c2'), (await skald('audit', 'checkpoint', '--key', at('k'), '--previous', at('c1'), '--list')).out.join('\n'));
    const against = (...files: readonly string[]) =>
      skald('audit', 'verify', '--all', '--public-key', at('k.pub'), ...files.flatMap((file) => ['--against', at(file)]));
    expect(await against('c1', 'c2')).toMatchObject({ code: 0, out: [expect.stringContaining('against checkpoint 1, 2')] });
    expect(await against('c2', 'c1')).toMatchObject({ code: 1, err: expect.stringContaining('number 1 does not follow number 2') });
    tamper(CUT);
    expect((await skald('audit', 'verify', '--all')).out.join('\n')).toContain('order-3, revision 3: dropped: the store');
    tamper(CUT_HEAD);
    expect(await skald('audit', 'verify', '--all')).toMatchObject({ code: 0 });
    expect((await against('c1')).out).toEqual([expect.stringContaining('the store: dropped: the store ends at position')]);
    expect(await against('c2')).toMatchObject({
      code: 3,
      out: ['order-3, revision 3: dropped: checkpoint 2 has it up to revision 3: its tail is cut'],
    });
    writeFileSync(at('c2'), readFileSync(at('c2'), 'utf8').replace('"number":2', '"number":3'));
    expect(await against('c2')).toMatchObject({ code: 1, err: expect.stringContaining('its signature does not fit') });
  });

  test('says of a file that is none of what was asked for which it is, and by which option it was given', async () => {
    await skald('audit', 'keygen', '--key', at('k'));
    writeFileSync(at('c1'), (await skald('audit', 'checkpoint', '--key', at('k'))).out.join('\n'));
    writeFileSync(at('half'), '{"number":');
    const verify = (...more: readonly string[]) => skald('audit', 'verify', '--all', '--against', at('c1'), ...more);
    for (const [asked, option, file] of [
      [await skald('audit', 'checkpoint', '--key', at('none')), '--key', 'none'],
      [await skald('audit', 'checkpoint', '--key', at('c1')), '--key', 'c1'],
      [await skald('audit', 'checkpoint', '--key', at('k'), '--previous', at('half')), '--previous', 'half'],
      [await verify('--public-key', at('none')), '--public-key', 'none'],
      [await verify('--public-key', at('k.pub'), '--against', at('half')), '--against', 'half'],
    ] as const)
      expect(asked).toMatchObject({ code: 1, out: [], err: expect.stringContaining(`${option} ${at(file)}: `) });
  });

  test('signs nothing that does not hold: 3', async () => {
    await skald('audit', 'keygen', '--key', at('k'));
    tamper(CHANGE);
    expect(await skald('audit', 'checkpoint', '--key', at('k'))).toMatchObject({
      code: 3,
      out: [],
      err: expect.stringContaining('Nothing is signed'),
    });
  });

  test.each([
    [['verify']],
    [['verify', 'order-1', '--all']],
    [['verify', '--all', '--against', 'c1']],
    [['conform', '--definitions', 'x.mjs']],
    [['checkpoint']],
    [[]],
  ])('audit %j is not understood: 2', async (args) => {
    expect((await skald('audit', ...args)).code).toBe(2);
  });
});

describe('skald audit conform and gate', () => {
  beforeEach(() => {
    writeFileSync(at('same.mjs'), MODULE);
    writeFileSync(at('other.mjs'), MODULE.replace('args: [sku]', "args: [sku, 'now']"));
    writeFileSync(at('slower.mjs'), MODULE.replaceAll('timeout: 60000', 'timeout: 70000'));
  });

  test('a definition conforms with what it did, also across what is harmless: 0', async () => {
    expect(await skald('audit', 'conform', '--all', '--definitions', at('same.mjs'))).toMatchObject({
      code: 0,
      out: [],
      err: expect.stringMatching(/^\d+ decisions of 3 sagas replayed: all come out as recorded\.$/),
    });
    expect(await skald('audit', 'conform', 'order-2', '--definitions', at('slower.mjs'))).toMatchObject({
      code: 0,
      err: expect.stringContaining('order version 1: step reserve: retries or timeouts are others now'),
    });
  });

  test('nobody is asked for keys where nothing is encrypted', async () => {
    writeFileSync(at('locked.mjs'), `${MODULE}\nexport const codec = () => { throw new Error('the keys are not here'); };`);
    for (const verb of [['conform', '--all'], ['gate']]) {
      expect((await skald('audit', ...verb, '--definitions', at('locked.mjs'))).code).toBe(0);
    }
  });

  test('another definition does not: 3, with the first event that differs', async () => {
    const { code, out } = await skald('audit', 'conform', 'order-2', '--definitions', at('other.mjs'));
    expect({ code, out }).toEqual({
      code: 3,
      out: [`order-2: at revision 1, StepRequested of reserve: opens.command.args was ["piano"], and would be ["piano","now"]`],
    });
  });

  test('the gate says of sagas under way, from an export or from the store, who could not go on', async () => {
    const lines = (await skald('export', '--running')).out;
    expect(new Set(lines.map((line) => JSON.parse(line).stream))).toEqual(new Set(['order-3', 'definition-order']));
    writeFileSync(at('streams.ndjson'), lines.join('\n'));
    for (const source of [[], ['--against', at('streams.ndjson')]]) {
      const gate = (module: string, ...more: readonly string[]) => skald('audit', 'gate', '--definitions', at(module), ...source, ...more);
      expect(await gate('same.mjs')).toMatchObject({ code: 0, out: ['May be deployed: all 1 sagas under way could go on.'] });
      const other = await gate('other.mjs');
      expect(other.code).toBe(3);
      expect(other.out[0]).toMatch(/^order-3 \(running\): at revision 1, StepRequested of reserve: opens\.command\.args/);
      expect(other.out.at(-1)).toBe('Must not be deployed: 1 of 1 sagas under way could not go on.');
      const slower = await gate('slower.mjs');
      expect({ code: slower.code, last: slower.out.at(-1) }).toEqual({
        code: 3,
        last: 'Must not be deployed: all 1 sagas under way could go on.',
      });
      expect(slower.out[1]).toBe('  step reserve: timeout was 60000, and is 70000');
      expect((await gate('slower.mjs', '--replace')).code).toBe(0);
    }
  });

  test('a module without sagas, or that cannot be loaded, is told', async () => {
    writeFileSync(at('empty.mjs'), 'export const x = 1;');
    expect(await skald('audit', 'gate', '--definitions', at('empty.mjs'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('exports no saga'),
    });
    expect(await skald('audit', 'gate', '--definitions', at('nowhere.mjs'))).toMatchObject({ code: 1 });
  });
});

describe('skald export, import and audit replay', () => {
  test('what is exported holds where it is imported, and goes on there', async () => {
    writeFileSync(at('all.ndjson'), (await skald('export', '--all')).out.join('\n'));
    const there = async (...args: readonly string[]) => {
      const { code, out } = await keptRun(['--data', at('copy.db'), ...args]);
      return { code, out };
    };
    expect(await there('import', at('all.ndjson'))).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^\d+ events of 4 streams imported\.$/)],
    });
    expect(await there('import', at('all.ndjson'))).toMatchObject({ out: ['0 events of 0 streams imported; 4 were there already.'] });
    expect((await there('audit', 'verify', '--all')).code).toBe(0);
    expect((await there('audit', 'replay')).out).toEqual((await skald('audit', 'replay')).out);
    app = await Skald.embedded({ file: at('copy.db'), log: () => {} })
      .sagas(saga)
      .participants(Stock)
      .start();
    await app.sagas.signal(saga, '3', 'approval', {});
    expect((await (await app.sagas.start(saga, 'tea', { id: '3' })).ended()).status).toBe('completed');
  });

  test('a replay says how all sagas stand', async () => {
    expect(await skald('audit', 'replay')).toMatchObject({
      code: 0,
      out: [expect.stringMatching(/^\d+ events of 3 sagas folded: 1 under way, 1 completed, 1 compensated\.$/)],
    });
    tamper(`UPDATE events SET data = '{' WHERE type = 'SagaCompensated'`);
    expect(await skald('audit', 'replay')).toMatchObject({
      code: 3,
      out: [expect.stringContaining('order-2, revision'), expect.anything()],
    });
  });

  test.each([[[]], [['order-1', '--all']], [['--all', '--running']]])('export %j is not understood: 2', async (args) => {
    expect((await skald('export', ...args)).code).toBe(2);
  });
});

describe('skald audit report', () => {
  test('writes a page, or the same as JSON', async () => {
    expect(await skald('audit', 'report', 'order-2', '-o', at('r.html'))).toMatchObject({ code: 0, out: [] });
    expect(readFileSync(at('r.html'), 'utf8')).toMatch(/^<!doctype html>.*no lorry.*<\/html>\n$/s);
    expect(JSON.parse((await skald('audit', 'report', 'order-2', '--json')).out[0] ?? '')).toMatchObject({
      sagaId: 'order-2',
      status: 'compensated',
    });
    expect((await skald('audit', 'report', 'order-9')).code).toBe(1);
  });
});
