import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

it('the bundled suite runs from an empty folder, with Node alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skald-'));
  const run = (cwd: string, ...args: string[]) => spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { PATH: '' } });
  expect(run(ROOT, 'scripts/bundle-eventstore-suite.ts').status).toBe(0);
  copyFileSync(join(ROOT, 'dist/eventstore-suite.cjs'), join(folder, 'eventstore-suite.cjs'));
  const { status, stdout } = run(folder, 'eventstore-suite.cjs');
  expect(stdout).toMatch(/pass [1-9]\d*/);
  expect(stdout).toMatch(/fail 0/);
  expect(status).toBe(0);
  rmSync(folder, { recursive: true });
});
