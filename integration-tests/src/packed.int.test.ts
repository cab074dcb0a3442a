import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from './built.js';

/**
 * The packages as they would be published, installed in a project of somebody else's that has nothing but them and a compiler. What a package
 * needs and does not declare, or leaves out of its files, is found here only: inside the repository everything is at hand.
 */
const folder = mkdtempSync(join(tmpdir(), 'skald-packed-'));
const project = join(folder, 'project');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OWN_TOOLS: ReadonlySet<string> = new Set(['testkit', 'eventstoredb-test-server']);
const packages = readdirSync(join(ROOT, 'packages')).filter((name) => !OWN_TOOLS.has(name));

function run(command: string, args: readonly string[], cwd = project) {
  const path = [dirname(process.execPath), join(project, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env: { ...process.env, PATH: path }, encoding: 'utf8' });
  return { status, stdout, stderr: status === 0 ? '' : stderr };
}

beforeAll(() => {
  mkdirSync(join(project, 'src'), { recursive: true });
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const packed = packages.map(
    (name) => `file:../${run('npm', ['pack', '--silent', '--pack-destination', folder], join(ROOT, 'packages', name)).stdout.trim()}`,
  );
  const { zod } = JSON.parse(readFileSync(join(ROOT, 'examples', 'guide', 'package.json'), 'utf8')).dependencies;
  const compiler = { typescript: devDependencies.typescript, '@types/node': devDependencies['@types/node'], zod };
  const dependencies = Object.fromEntries(packages.map((name, at) => [`@skald/${name}`, packed[at]]));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ type: 'module', dependencies: { ...dependencies, ...compiler } }));
  const compilerOptions = {
    ...{ target: 'es2024', module: 'nodenext', strict: true, types: ['node'], rootDir: 'src', outDir: 'dist' },
    ...{ experimentalDecorators: true, emitDecoratorMetadata: true },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  copyFileSync(join(ROOT, 'examples', 'guide', 'src', '01-first-saga.ts'), join(project, 'src', 'first-saga.ts'));
  expect(run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'])).toMatchObject({ status: 0 });
}, 300_000);

describe('The packages, installed elsewhere', () => {
  test('compile with a saga, and run it', () => {
    expect(run('tsc', ['-p', '.'])).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = run(process.execPath, ['dist/first-saga.js']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("status: 'compensated'") });
  });

  test.each(packages)('can be imported: %s', (name) => {
    const names = `import('@skald/${name}').then((all) => console.log(Object.keys(all).length > 0))`;
    expect(run(process.execPath, ['--input-type=module', '--eval', names])).toEqual({ status: 0, stdout: 'true\n', stderr: '' });
  });

  test('have the command', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'packages', 'cli', 'package.json'), 'utf8'));
    expect(run('skald', ['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(run('skald', ['doctor', '--data', '.']).status).toBe(3);
  });
});
