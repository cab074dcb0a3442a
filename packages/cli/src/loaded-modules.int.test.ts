import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { isTooOld } from './node-version.js';

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
/** Tells on standard error from which packages modules were loaded. */
const HOOK = `
import { registerHooks } from 'node:module';
const packages = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /(?:node_modules|packages)\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
process.on('exit', () => process.stderr.write('LOADED ' + [...packages].sort().join(' ')));
`;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-loaded-'));
  writeFileSync(join(folder, 'hook.mjs'), HOOK);
  await (await openSqliteStore({ file: join(folder, 'skald.db') })).close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function loadedBy(...args: readonly string[]): string[] {
  const hook = pathToFileURL(join(folder, 'hook.mjs')).href;
  const options = ['--disable-warning=ExperimentalWarning', '--import', hook, bin, ...args];
  const { stderr } = spawnSync(process.execPath, options, { encoding: 'utf8', cwd: folder });
  return (stderr.split('LOADED ')[1] ?? '').split(' ');
}

/** What takes long to load. */
const HEAVY = ['kafkajs', '@grpc', '@eventstore', '@viz-js', 'inversify', '@inversifyjs', 'app', 'decorators'];

describe('What a call loads', () => {
  test('is next to nothing for help', () => {
    expect(loadedBy('--help')).toEqual(['cli', 'commander']);
  });

  test.each([[['list']], [['show', 'order-1']], [['cancel', 'order-1', '-r', 'x']], [['doctor']], [['audit', 'verify', '--all']]])(
    'is what the verb needs: %j',
    (args) => {
      const loaded = loadedBy(...args, '--data', folder);
      expect(loaded).toEqual(expect.arrayContaining(['event-store-sqlite', 'kernel']));
      expect(loaded.filter((name) => HEAVY.includes(name.split('/')[0] ?? ''))).toEqual([]);
    },
  );

  test('is Kafka’s client where Kafka is asked, and not EventStoreDB’s', () => {
    writeFileSync(
      join(folder, 'skald.config.json'),
      JSON.stringify({ bus: { kafka: { brokers: ['127.0.0.1:1'], retry: { retries: 0 } } } }),
    );
    const loaded = loadedBy('cancel', 'order-1', '-r', 'x');
    expect(loaded).toContain('kafkajs');
    expect(loaded).not.toContain('@eventstore/db-client');
  });
});

describe('The oldest Node', () => {
  test.each([
    ['20.20.2', true],
    ['22.12.0', true],
    ['22.13.0', false],
    ['24.0.0', false],
  ])('%s is too old: %s', (version, is) => {
    expect(isTooOld(version)).toBe(is);
  });
});
