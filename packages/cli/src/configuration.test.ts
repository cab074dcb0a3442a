import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { runCommandLine } from './command-line.js';
import { keptTerminal } from './kept-terminal.js';

let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-config-'));
  await (await openSqliteStore({ file: join(folder, 'skald.db') })).close();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function skald(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const terminal = keptTerminal();
  const code = await runCommandLine(args, terminal, env);
  return { code, out: terminal.lines.out, err: terminal.lines.err.join('\n') };
}

function config(value: unknown, name = 'skald.config.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

describe('A configuration', () => {
  test('names a store, seen from its own folder', async () => {
    const file = config({ store: { file: 'skald.db' } });
    expect(await skald(['list', '--config', file])).toEqual({ code: 0, out: [], err: 'There is no saga in this store.' });
    expect((await skald(['list'], { SKALD_CONFIG: file })).code).toBe(0);
    expect((await skald(['list'], { SKALD_DATA: folder })).code).toBe(0);
  });

  test('takes what is secret from the environment', async () => {
    const file = config({ store: { file: `$${'{WHERE}'}` } });
    expect((await skald(['list', '--config', file], { WHERE: join(folder, 'skald.db') })).code).toBe(0);
    expect(await skald(['list', '--config', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('{WHERE}, which is not in the environment'),
    });
  });

  test('may be a module, and open its store itself', async () => {
    const file = config('export default { store: { file: "skald.db" } };', 'skald.config.mjs');
    expect((await skald(['list', '--config', file])).code).toBe(0);
  });

  test.each([
    ['no JSON', 'cannot be read'],
    ['[]', 'says'],
    ['7', 'holds no configuration'],
    [{ stores: {} }, 'says stores; what is known is store, bus, definitions, codec, by'],
    [{ store: { fiel: 'x' } }, 'store holds "file"'],
    [{ bus: { brokers: [] } }, 'bus holds "kafka"'],
  ])('%j is refused: 2', async (value, message) => {
    const wrong = value === '[]' ? { 0: 1 } : value;
    expect(await skald(['list', '--config', config(wrong)])).toMatchObject({ code: 2, out: [], err: expect.stringContaining(message) });
  });

  test('that is not there is told', async () => {
    expect(await skald(['list', '--config', join(folder, 'x.json')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no such file'),
    });
  });

  test('with a store alone can be looked at, and not acted on; with a bus alone the other way round', async () => {
    const esdb = config({ store: { connectionString: 'esdb://127.0.0.1:1?tls=false' } });
    expect(await skald(['cancel', 'order-1', '-r', 'x', '--config', esdb])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nobody can be asked to act (add "bus")'),
    });
    expect(await skald(['list'], { SKALD_KAFKA_BROKERS: '127.0.0.1:1' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('sagas can be asked, but not shown'),
    });
  });
});
