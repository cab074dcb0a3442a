import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { report, root } from './repository.ts';

/**
 * Runs every built example to its end: `dist/main.js`, and numbered ones such as `dist/01-first-saga.js`. Those in other languages, which have no
 * package.json, are run by the integration tests.
 */
const timeoutMs = 60_000;
const runnable = /^(main|\d\d-[\w-]+)\.js$/;

const entries = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'examples', entry.name, 'package.json')))
  .map(({ name }) => ({ name, programs: programsOf(join(root, 'examples', name, 'dist')) }));

function programsOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => runnable.test(name));
  return names.sort().map((name) => join(folder, name));
}

function run(program: string): string[] {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  if (status === 0) return [];
  return [`${program} ended with ${status ?? signal} (limit ${timeoutMs / 1000} s)\n${stdout}${stderr}`];
}

const empty = entries.filter(({ programs }) => programs.length === 0).map(({ name }) => `examples/${name} has nothing to run`);
const programs = entries.flatMap((entry) => entry.programs);
report([...empty, ...programs.flatMap(run)], `examples: ${programs.length} ran to their end`);
