import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DEMO, nodeArguments, ROOT, SKALD } from './built.js';

/** The README's commands do what it says, in its order, in a folder where nothing was before. */
const lines = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^npm run skald -- ([^#\n]*[^#\s])/gm)].map(
  ([, line = '']) => line,
);

const folder = mkdtempSync(join(tmpdir(), 'skald-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[]) {
  const { SKALD_DATA: _, ...env } = process.env;
  return spawnSync(process.execPath, nodeArguments(program, ...args), {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('The README', () => {
  beforeAll(() => {
    const { status, stdout } = run(DEMO, []);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^order-\d+ +compensated/) });
  }, 120_000);

  test('has commands', () => expect(lines.length).toBeGreaterThan(6));

  test.each(lines)('skald %s', (line) => {
    const { status, stdout, stderr } = run(SKALD, line.split(' '));
    const says = stderr.split('\n').filter((one) => one.startsWith('skald:'));
    // The doctor is right: nobody has the store open.
    expect({ status, says }).toEqual({ status: line === 'doctor' ? 3 : 0, says: [] });
    if (!line.includes(' -o ')) expect(stdout).not.toBe('');
  });
});
