import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { Bank, codec, order } from '../fixtures/encrypted-orders.js';
import { runCommandLine } from './command-line.js';
import { keptRun } from './terminal/kept-run.js';
import { keptTerminal } from './terminal/kept-terminal.js';

const SECRET = 'Ada Lovelace';
const MODULE = fileURLToPath(new URL('../fixtures/encrypted-orders.ts', import.meta.url));
/** Another definition of the same saga. */
const OTHER = `
import { defineSaga } from '@skald/decorators';
export { codec } from '${MODULE}';
export const order = defineSaga({ name: 'order', version: 1 })
  .step('charge', (input) => ({ participant: 'bank', action: 'charge', args: [{ ...input, currency: 'EUR' }] }))
  .signal('approval').step('ship', (input) => ({ participant: 'bank', action: 'ship', args: [input] })).done();`;
/** One whose guard throws, with what it was given in its words. */
const BROKEN = OTHER.replace('(input) => ({', `(input) => { throw new TypeError('of ' + input.customer); return ({`).replace(
  'EUR',
  "EUR' }] }); }) //",
);

let folder: string;
/** 1 completed, 2 was compensated, 3 waits; 4 waits and 5 has ended without keys. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-encrypted-'));
  process.env['ORDER_KEYS'] = at('keys.db');
  process.env['ORDER_MASTER_KEY'] = randomBytes(32).toString('base64');
  const own = await codec();
  const app = await Skald.embedded({ file: at('skald.db'), codec: own.codec, log: () => {} })
    .sagas(order)
    .participants(Bank)
    .start();
  for (const [id, total] of Object.entries({ 1: 5, 2: 500, 3: 5, 4: 5, 5: 5 })) {
    const started = await app.sagas.start(order, { customer: SECRET, total }, { id });
    if (id !== '3' && id !== '4') await app.sagas.signal(order, id, 'approval', { by: SECRET });
    if (id !== '3' && id !== '4') await started.ended();
    else while ((await app.sagas.get(started.sagaId)).steps.get('approval')?.status !== 'waiting') await new Promise(setImmediate);
  }
  for (const id of ['order-4', 'order-5']) await own.codec.drop(id);
  await app.stop();
  await own.close();
  writeFileSync(at('other.mjs'), OTHER);
  writeFileSync(at('broken.mjs'), BROKEN);
  writeFileSync(at('keyless.mjs'), `export { order } from '${MODULE}';`);
  writeFileSync(at('skald.config.mjs'), `export { default } from './config.mjs';`);
  writeFileSync(at('config.mjs'), `import { codec } from '${MODULE}'; export default { store: { file: '${at('skald.db')}' }, codec };`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

async function skald(...args: readonly string[]) {
  const ran = await keptRun(['--data', at('skald.db'), ...args], { now: () => 1_800_000_000_000 });
  return { ...ran, all: [...ran.out, ran.err].join('\n') };
}

describe('Conformance of encrypted histories', () => {
  test('is told with the keys that the module gives; one whose key was dropped is named and counted, and does not fail: 0', async () => {
    expect(await skald('audit', 'conform', '--all', '--definitions', MODULE)).toMatchObject({
      code: 0,
      out: ['order-4: history unreadable: key dropped', 'order-5: history unreadable: key dropped'],
      err: expect.stringMatching(/^\d+ decisions of 3 sagas replayed: all come out as recorded; 2 histories unreadable: key dropped\.$/),
    });
    const lines = (await skald('audit', 'conform', '--all', '--json', '--definitions', MODULE)).out.map((line) => JSON.parse(line));
    expect(lines.map(({ sagaId, conforms }) => [sagaId, conforms])).toEqual([
      ...[
        ['order-1', true],
        ['order-2', true],
        ['order-3', true],
      ],
      ...[
        ['order-4', null],
        ['order-5', null],
      ],
    ]);
  });

  test('the keys may come from the configuration', async () => {
    const config = ['--config', at('config.mjs')];
    expect((await skald('audit', 'conform', 'order-1', '--definitions', at('keyless.mjs'), ...config)).code).toBe(0);
  });

  test('of one whose key was dropped cannot be told: 1', async () => {
    expect(await skald('audit', 'conform', 'order-5', '--definitions', MODULE)).toMatchObject({
      code: 1,
      out: ['order-5: history unreadable: key dropped'],
    });
  });

  test('cannot be told without a codec: 1', async () => {
    const { code, out, err } = await skald('audit', 'conform', '--all', '--definitions', at('keyless.mjs'));
    expect({ code, lines: out.length }).toEqual({ code: 1, lines: 5 });
    expect(out[0]).toBe('order-1: history unreadable: its payloads are encrypted, and no codec is given');
    expect(err).toBe('0 decisions of 0 sagas replayed; 5 histories unreadable: encrypted, and no codec is given.');
  });

  test('and the gate, with another master key say which history, and why: 3', async () => {
    const right = process.env['ORDER_MASTER_KEY'];
    process.env['ORDER_MASTER_KEY'] = randomBytes(32).toString('base64');
    const { code, all } = await skald('audit', 'conform', 'order-1', '--definitions', MODULE);
    const gate = await skald('audit', 'gate', '--definitions', MODULE);
    process.env['ORDER_MASTER_KEY'] = right;
    expect(code).toBe(3);
    expect(all).toMatch(
      /^order-1: \[payload-unreadable\] .*the master key "2026" does not open it.*\n0 decisions of 0 sagas replayed; 1 history unreadable\.$/,
    );
    expect(gate.code).toBe(3);
    expect(gate.out.join('\n')).toContain('the master key "2026" does not open it');
  });

  test('a difference is named, and what is in it only where that is asked for', async () => {
    const conform = (...more: readonly string[]) => skald('audit', 'conform', 'order-1', '--definitions', ...more);
    expect(await conform(at('other.mjs'))).toMatchObject({
      code: 3,
      out: ['order-1: at revision 1, StepRequested of charge: opens.command.args would be another (encrypted)'],
    });
    expect((await conform(at('other.mjs'), '--decrypt')).out[0]).toContain(`opens.command.args was [{"customer":"${SECRET}"`);
    const broken = await conform(at('broken.mjs'));
    expect(broken.out[0]).toContain('would record SagaSuspended of program: TypeError: (encrypted)');
    expect((await conform(at('broken.mjs'), '--decrypt')).out[0]).toContain(`TypeError: of ${SECRET}`);
    expect(broken.all).not.toContain('Lovelace');
  });
});

describe('The gate over encrypted histories', () => {
  test('judges those that can be read, from the store and from an export; one whose key was dropped goes on under no definition', async () => {
    writeFileSync(at('streams.ndjson'), (await skald('export', '--running')).out.join('\n'));
    for (const source of [[], ['--against', at('streams.ndjson')]]) {
      const gate = (module: string, ...more: readonly string[]) => skald('audit', 'gate', '--definitions', module, ...source, ...more);
      expect(await gate(MODULE)).toMatchObject({
        code: 0,
        out: ['May be deployed: all 1 sagas under way could go on; 1 more could not be read: key dropped.'],
        err: 'order-4: history unreadable: key dropped; it goes on under no definition: terminate it',
      });
      expect(await gate(at('keyless.mjs'))).toMatchObject({
        code: 3,
        out: expect.arrayContaining([expect.stringContaining('without its key')]),
      });
      const other = await gate(at('other.mjs'));
      expect(other.out[0]).toBe(
        'order-3 (running): at revision 1, StepRequested of charge: opens.command.args would be another (encrypted)',
      );
      expect(other.code).toBe(3);
      expect(other.all).not.toContain('Lovelace');
      expect((await gate(at('other.mjs'), '--decrypt')).all).toContain(SECRET);
      expect(JSON.parse((await gate(MODULE, '--json')).out[0] ?? '')).toMatchObject({ mayDeploy: true, running: 2, dropped: ['order-4'] });
    }
  });
});

describe('Without being told to decrypt', () => {
  const WAYS = [
    ...[
      ['replay', 'order-2'],
      ['replay', 'order-2', '--json'],
      ['replay', 'order-2', '--at', '3'],
      ['replay', 'order-2', '--diff', '0..5'],
    ],
    ...[
      ['show', 'order-2'],
      ['show', 'order-2', '--json'],
      ['history', 'order-2'],
      ['history', 'order-2', '--json'],
    ],
    ...[
      ['audit', 'report', 'order-2'],
      ['audit', 'report', 'order-2', '--json'],
    ],
  ];

  test.each(WAYS)('skald %s %s %s %s shows no payload, though the keys are at hand; with --decrypt it does', async (...args) => {
    const given = args.filter(Boolean);
    const keys = ['--definitions', MODULE];
    const closed = await skald(...given, ...keys);
    expect({ code: closed.code, leaks: closed.all.includes('Lovelace') }).toEqual({ code: 0, leaks: false });
    expect(await skald(...given)).toEqual(closed);
    const opened = await skald(...given, ...keys, '--decrypt');
    expect({ code: opened.code, shows: opened.all.includes('Lovelace'), rest: opened.all.includes('(encrypted)') }).toEqual({
      ...{ code: 0, shows: true, rest: false },
    });
    expect(await skald(...given, '--decrypt')).toMatchObject({ code: 2, out: [] });
  });

  test.each(WAYS)('skald %s %s %s %s of one whose key was dropped says so', async (verb, ...args) => {
    const given = [verb, ...args.filter(Boolean).map((arg) => (arg === 'order-2' ? 'order-5' : arg))];
    const { code, all } = await skald(...given, '--definitions', MODULE, '--decrypt');
    expect({ code, says: /\(payload dropped\)|\(forgotten\)/.test(all), leaks: all.includes('Lovelace') }).toEqual({
      code: 0,
      says: true,
      leaks: false,
    });
  });

  test('an export and an import are of what is stored, whatever keys there are; verification needs none', async () => {
    const { out } = await skald('export', '--all', '--definitions', MODULE);
    expect(out.join('\n')).not.toContain(SECRET);
    expect((await skald('export', '--all', '--decrypt')).code).toBe(2);
    writeFileSync(at('all.ndjson'), out.join('\n'));
    const terminal = keptTerminal();
    expect(await runCommandLine(['--data', at('copy.db'), 'import', at('all.ndjson')], terminal)).toBe(0);
    expect(await runCommandLine(['--data', at('copy.db'), 'audit', 'verify', '--all'], terminal)).toBe(0);
    expect(readFileSync(at('copy.db'), 'latin1')).not.toContain(SECRET);
    expect(await skald('audit', 'replay')).toMatchObject({
      code: 0,
      out: [expect.stringContaining('2 under way, 2 completed, 1 compensated')],
    });
    expect((await skald('audit', 'verify', '--all')).code).toBe(0);
  });
});
