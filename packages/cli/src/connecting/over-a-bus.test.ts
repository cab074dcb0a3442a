import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type RunningSkald, Skald } from '@skald/app';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { MessageBus, Outgoing } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { Bank, codec, order } from '../../fixtures/encrypted-orders.js';
import { keptRun } from '../terminal/kept-run.js';

const SECRET = 'Ada Lovelace';
const MODULE = fileURLToPath(new URL('../../fixtures/encrypted-orders.ts', import.meta.url));
/** What the command's configurations, which are modules, find here. */
const shared = globalThis as { skaldTestBus?: () => Promise<MessageBus>; skaldTestCodec?: unknown };

let folder: string;
let app: RunningSkald | undefined;
let said: Outgoing[];
let closeKeys: () => void;

const at = (name: string) => join(folder, name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-over-a-bus-'));
  process.env['ORDER_KEYS'] = at('keys.db');
  process.env['ORDER_MASTER_KEY'] = randomBytes(32).toString('base64');
  said = [];
  const bus = new InProcessBus();
  const own = await codec();
  closeKeys = () => void own.close();
  const store = () => openSqliteStore({ file: at('skald.db'), shared: true });
  app = await Skald.connect({ bus: async () => bus, store, fenceFile: at('fence.db'), codec: own.codec, log: () => {} })
    .sagas(order)
    .participants(Bank)
    .start();
  shared.skaldTestCodec = own.codec;
  shared.skaldTestBus = async () => ({
    publish: (messages) => {
      said.push(...messages);
      return bus.publish(messages);
    },
    consume: (...args) => bus.consume(...args),
    close: async () => {},
  });
  for (const [name, more] of Object.entries({
    keyed: `, definitions: '${MODULE}', store: { file: 'skald.db' }`,
    bare: '',
    reader: `, codec: { open: globalThis.skaldTestCodec.open, dropped: globalThis.skaldTestCodec.dropped }`,
    lost: `, codec: () => { throw new Error('no keys here'); }`,
  })) {
    writeFileSync(at(`${name}.mjs`), `export default { bus: globalThis.skaldTestBus${more} };`);
  }
});

afterEach(async () => {
  await app?.stop();
  closeKeys();
  rmSync(folder, { recursive: true, force: true });
});

function skald(config: string, ...args: readonly string[]) {
  return keptRun([...args, '--config', at(`${config}.mjs`)], { env: { SKALD_BY: 'ines' } });
}

function started(id: string): Promise<unknown> | undefined {
  return app?.sagas.start(order, { customer: SECRET, total: 5 }, { id });
}

describe('Over a bus', () => {
  test('sagas are steered by their ids, without definitions and without a store', async () => {
    await started('1');
    for (const args of [
      ['suspend', 'order-1', '-r', 'fraud?'],
      ['resume', 'order-1', '-r', 'no'],
      ['signal', 'order-1', 'approval', '1'],
    ]) {
      expect(await skald('bare', ...args)).toMatchObject({ code: 0, err: '' });
    }
    expect((await app?.sagas.ended('order-1'))?.status).toBe('completed');
    expect(await skald('bare', 'cancel', 'order-1', '-r', 'x')).toMatchObject({ code: 1, err: expect.stringContaining('[saga-ended]') });
  });

  test.each([[['start', 'order', '{}']], [['start-again', 'order-1', '-r', 'x']]])('%j wants to know the sagas: 2', async (args) => {
    expect(await skald('bare', ...args)).toMatchObject({ code: 2, err: expect.stringContaining('--definitions <module>') });
    expect(said).toEqual([]);
  });

  test('a saga that has ended is started again, from the store that the configuration names', async () => {
    await started('1');
    await app?.sagas.terminate('order-1', { by: 'ada', reason: 'x' });
    expect(await skald('keyed', 'start-again', 'order-1', '-r', 'by mistake')).toMatchObject({
      code: 0,
      out: ['order-1~2: started, in place of order-1'],
    });
    expect((await app?.sagas.get('order-1~2'))?.again).toMatchObject({ of: 'order-1', by: 'ines', reason: 'by mistake' });
  });

  test('what is said where payloads are encrypted is sealed on the way', async () => {
    const input = JSON.stringify({ customer: SECRET, total: 5 });
    expect(await skald('keyed', 'start', 'order', input, '--id', '1')).toMatchObject({ code: 0 });
    expect(await skald('keyed', 'signal', 'order-1', 'approval', JSON.stringify({ by: SECRET }))).toMatchObject({ code: 0 });
    expect((await app?.sagas.ended('order-1'))?.status).toBe('completed');
    expect((await app?.sagas.get('order-1'))?.input).toEqual({ customer: SECRET, total: 5 });
    expect(said).toHaveLength(2);
    expect(JSON.stringify(said)).not.toContain(SECRET);
  });

  test('without keys that can seal nothing is said', async () => {
    const lost = await skald('lost', 'signal', 'order-1', 'approval', '1');
    expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('no keys here') });
    const reader = await skald('reader', 'signal', 'order-1', 'approval', '1');
    expect(reader).toMatchObject({ code: 2, err: expect.stringContaining('opens and does not seal') });
    expect(said).toEqual([]);
  });

  test('doctor asks without keys whether anybody answers, and does not look into a bus that it did not open', async () => {
    const { code, out } = await skald('lost', 'doctor', '--json');
    const checks = out.map((line) => JSON.parse(line) as { readonly name: string; readonly level: string });
    expect(code).toBe(0);
    expect(checks.map(({ name, level }) => `${name} ${level}`)).toEqual(['store note', 'bus note', 'managers good']);
  });

  test('nobody who answers is told, with the request to repeat', async () => {
    await app?.stop();
    app = undefined;
    shared.skaldTestBus = async () => new InProcessBus();
    writeFileSync(at('alone.mjs'), 'export default { bus: globalThis.skaldTestBus };');
    const { code, err } = await skald('alone', 'signal', 'order-1', 'approval', '1', '--patience', '50ms', '--request', 'r7', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'no-answer', fix: expect.stringContaining('--request r7') } });
  });
});
