import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Manifest, type Package, violations } from './architecture.ts';
import { isTest, readJson, readText, repositoryFiles } from './repository.ts';
import { parse } from './syntax.ts';

interface TsConfig {
  readonly references?: readonly { readonly path: string }[];
}

const files = repositoryFiles();

const referencesOf = (folder: string): string[] =>
  (readJson<TsConfig>(posix.join(folder, 'tsconfig.json')).references ?? []).map(({ path }) => posix.join(folder, path));

function readPackage(folder: string): Package {
  const sources = files.filter((path) => path.startsWith(`${folder}/`) && path.endsWith('.ts'));
  return {
    folder,
    manifest: readJson<Manifest>(`${folder}/package.json`),
    references: referencesOf(folder),
    files: sources.map((path) => ({
      path,
      isTest: isTest(path),
      imports: parse(path, readText(path)).imports.map(({ specifier }) => specifier),
    })),
  };
}

const packages = files
  .filter((path) => path.includes('/') && path.endsWith('/package.json'))
  .map((path) => readPackage(posix.dirname(path)));
const shared = Object.keys(readJson<Manifest>('package.json').devDependencies ?? {});

describe('the repository', () => {
  test('keeps the arrows between its packages', () => {
    expect(violations(packages, shared)).toEqual([]);
  });

  test('builds every package', () => {
    expect(referencesOf('.').sort()).toEqual(packages.map(({ folder }) => folder).sort());
  });
});

/** A package with one file, made up; what it imports is declared unless `declared` says otherwise. */
function madeUp(folder: string, imported: string, options: { file?: string; declared?: boolean; dev?: boolean } = {}): Package {
  const { file = 'src/a.ts', declared = true, dev = false } = options;
  const name = `@skald/${posix.basename(folder)}`;
  const bare = imported
    .split('/')
    .slice(0, imported.startsWith('@') ? 2 : 1)
    .join('/');
  const dependencies = declared ? { [bare]: '1.0.0' } : {};
  return {
    folder,
    manifest: dev ? { name, devDependencies: dependencies } : { name, dependencies },
    references: [],
    files: [{ path: `${folder}/${file}`, isTest: isTest(file), imports: [imported] }],
  };
}

describe('the architecture test refuses', () => {
  test.each([
    ['a sibling in the kernel', madeUp('packages/kernel', '@skald/engine'), '@skald/kernel may import no sibling'],
    ['an npm package in the kernel', madeUp('packages/kernel', 'zod'), '@skald/kernel may use no npm package'],
    ['Node in the kernel', madeUp('packages/kernel', 'node:fs'), '@skald/kernel must not depend on Node'],
    ['an npm package in decorators', madeUp('packages/decorators', 'zod'), '@skald/decorators may use inversify, reflect-metadata'],
    ['the engine in decorators', madeUp('packages/decorators', '@skald/engine'), '@skald/decorators may import kernel'],
    ['an adapter in the engine', madeUp('packages/engine', '@skald/event-store-sqlite'), '@skald/engine may import kernel'],
    ['the testkit in an adapter', madeUp('packages/event-store-x', '@skald/testkit'), '@skald/event-store-x may import kernel, engine'],
    ['one adapter in another', madeUp('packages/message-bus-x', '@skald/event-store-x'), '@skald/message-bus-x may import kernel, engine'],
    ['an adapter in the testkit', madeUp('packages/testkit', '@skald/event-store-x'), '@skald/testkit may import kernel, engine'],
    ['the app in the console', madeUp('packages/console', '@skald/app'), '@skald/console may import kernel, decorators'],
    ['the cli in the app', madeUp('packages/app', '@skald/cli'), '@skald/app may import kernel'],
    [
      'the app in the tests of an adapter',
      madeUp('packages/event-store-x', '@skald/app', { file: 'src/a.test.ts' }),
      'tests of @skald/event-store-x may',
    ],
    [
      'an undeclared sibling',
      madeUp('packages/engine', '@skald/kernel', { declared: false }),
      'not declared in packages/engine/package.json',
    ],
    ['an undeclared npm package', madeUp('packages/app', 'zod', { declared: false }), 'not declared in packages/app/package.json'],
    ['a devDependency outside the tests', madeUp('packages/app', 'zod', { dev: true }), 'not declared in packages/app/package.json'],
    ['a deep import', madeUp('examples/x', '@skald/kernel/dist/evolve.js'), "import what you need from '@skald/kernel' itself"],
    ['a relative path into a sibling', madeUp('packages/engine', '../../kernel/src/evolve.js'), 'must stay inside its package'],
    [
      'a package importing itself by name',
      madeUp('packages/engine', '@skald/engine', { declared: false }),
      'inside a package import the file',
    ],
    ['a package without a line', madeUp('packages/misplaced', 'node:fs'), 'packages/misplaced has no line in the arrows'],
  ])('%s', (_what, one, problem) => {
    expect(violations([one])).toEqual([expect.stringContaining(problem)]);
  });

  test('references that differ from the dependencies', () => {
    const kernel = { ...madeUp('packages/kernel', './b.js', { declared: false }), references: ['packages/engine'] };
    const engine = madeUp('packages/engine', '@skald/kernel');
    expect(violations([kernel, engine])).toEqual([
      'packages/kernel/tsconfig.json refers to packages/engine, which is not in its dependencies',
      'packages/engine/tsconfig.json lacks a reference to packages/kernel',
    ]);
  });
});

describe('the architecture test accepts', () => {
  test.each([
    ['the kernel in an adapter', madeUp('packages/event-store-x', '@skald/kernel')],
    [
      'the testkit in the tests of an adapter',
      madeUp('packages/event-store-x', '@skald/testkit', { file: 'src/a.int.test.ts', dev: true }),
    ],
    ['the app in the cli', madeUp('packages/cli', '@skald/app')],
    ['an adapter in the app', madeUp('packages/app', '@skald/message-bus-kafka')],
    ['anything in an example', madeUp('examples/order', '@skald/app')],
    ['the test runner in the tests of the kernel', madeUp('packages/kernel', '@jest/globals', { file: 'src/a.test.ts', declared: false })],
  ])('%s', (_what, one) => {
    expect(violations([one], ['@jest/globals'])).toEqual([]);
  });
});
