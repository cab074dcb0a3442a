import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './repository.ts';

/** A built example: `dist/main.js`, or a numbered one such as `dist/01-first-saga.js`. */
export interface ExampleProgram {
  /** Folder under examples/. */
  readonly folder: string;
  readonly name: string;
  readonly path: string;
}

const timeoutMs = 60_000;
const runnable = /^(main|\d\d-[\w-]+)\.js$/;
const preload = pathToFileURL(join(root, 'scripts', 'example-histories.ts')).href;

/** Packages of examples, with what they have to run. Those in other languages, which have no package.json, are run by the integration tests. */
export function examplePackages(): { readonly folder: string; readonly programs: readonly ExampleProgram[] }[] {
  return readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'examples', entry.name, 'package.json')))
    .map(({ name: folder }) => ({ folder, programs: programsOf(folder) }));
}

export function examplePrograms(): readonly ExampleProgram[] {
  return examplePackages().flatMap(({ programs }) => programs);
}

function programsOf(folder: string): ExampleProgram[] {
  const dist = join(root, 'examples', folder, 'dist');
  if (!existsSync(dist)) return [];
  const files = readdirSync(dist).filter((file) => runnable.test(file));
  return files.sort().map((file) => ({ folder, name: file.replace(/\.js$/, ''), path: join(dist, file) }));
}

/** `08-fallback`, `order-fulfilment/main`: what it is called among all of them. */
export function titleOf({ folder, name }: ExampleProgram): string {
  return name === 'main' ? `${folder}/${name}` : name;
}

/** Where the golden histories of an example are kept. */
export function historyOf({ folder, name }: ExampleProgram): string {
  return join(root, 'examples', folder, 'histories', `${name}.ndjson`);
}

/** Runs it to its end; answers what is wrong. `check`: its golden histories are held against its sagas; `record`: they are made. */
export function runExample(program: ExampleProgram, histories: 'check' | 'record'): string[] {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--import', preload, program.path],
    {
      encoding: 'utf8',
      env: { ...process.env, SKALD_HISTORIES: histories, SKALD_HISTORY_FILE: historyOf(program) },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    },
  );
  if (status === 0) return [];
  return [`${program.path} ended with ${status ?? signal} (limit ${timeoutMs / 1000} s)\n${stdout}${stderr}`];
}
