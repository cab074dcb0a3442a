import { describe, expect, test } from '@jest/globals';
import { problemsOf } from './tidy.ts';

const lines = (count: number): string => `${'export {};\n'.repeat(count)}`;
const longFunction = `export function f(): void {\n${'  g();\n'.repeat(70)}}\n`;
const nestedInDescribe = `describe('x', () => {\n${"  test('y', () => {\n    g();\n  });\n".repeat(30)}});\n`;
const machinePath = ['', 'home', 'somebody'].join('/');

describe('tidy refuses', () => {
  test.each([
    ['a file over 300 lines', 'packages/app/src/a.ts', lines(301), '301 lines; the limit is 300'],
    ['a function over 70 lines', 'packages/app/src/a.ts', longFunction, 'a function of 72 lines'],
    ['a long describe outside a suite', 'packages/app/src/a.ts', nestedInDescribe, 'a function of 92 lines'],
    ['what does not parse', 'packages/app/src/a.ts', 'x(;', 'SyntaxError'],
    ['export *', 'packages/app/src/a.ts', "export * from './b.js';", 'no "export *"'],
    ['a name that is not kebab-case', 'packages/app/src/fooBar.ts', '', 'kebab-case'],
    ['a name that says nothing', 'packages/app/src/utils.ts', '', '"utils" says nothing'],
    ['a suffix that no runner knows', 'packages/app/src/a.spec.ts', '', 'unknown suffix ".spec"'],
    ['an index inside a package', 'packages/app/src/wiring/index.ts', '', 'at a package root only'],
    ['a bare TODO', 'packages/app/src/a.ts', '// TODO later', 'TODO(what it waits for)'],
    ['a test that the glob misses', 'packages/app/src/a.ts', "import { test } from '@jest/globals';", 'imports @jest/globals'],
    ['console.log in a library', 'packages/app/src/a.ts', 'console.log(1);', 'only the cli prints'],
    ['a path of one machine', 'docs/a.md', `see ${machinePath}/x`, 'a path of one machine'],
    ['Date.now in the kernel', 'packages/kernel/src/a.ts', 'const t = Date.now();', 'Date.now in the kernel'],
    ['new Date() in the kernel', 'packages/kernel/src/a.ts', 'const t = new Date();', 'new Date() in the kernel'],
    ['Math.random in the kernel', 'packages/kernel/src/a.ts', 'const r = Math.random;', 'Math.random in the kernel'],
    ['setTimeout in the kernel', 'packages/kernel/src/a.ts', 'setTimeout(f, 1);', 'setTimeout in the kernel'],
    ['localeCompare in the kernel', 'packages/kernel/src/a.ts', 'a.localeCompare(b);', 'localeCompare in the kernel'],
    ['an import in the kernel', 'packages/kernel/src/a.ts', "import fs from 'node:fs';", 'import of node:fs in the kernel'],
  ])('%s', (_rule, path, text, problem) => {
    expect(problemsOf(path, text, {})).toEqual([expect.stringContaining(problem)]);
  });

  test('a file over 500 lines, even one on the list', () => {
    expect(problemsOf('packages/app/src/a.ts', lines(501), { 'packages/app/src/a.ts': 'a table' })).toHaveLength(1);
  });

  test('a file on the list that is short again', () => {
    expect(problemsOf('packages/app/src/a.ts', lines(9), { 'packages/app/src/a.ts': 'a table' })).toHaveLength(1);
  });
});

describe('tidy accepts', () => {
  test.each([
    ['a file of 300 lines', 'packages/app/src/a.ts', lines(300)],
    ['a describe that is long only by its tests', 'packages/app/src/a.test.ts', nestedInDescribe],
    ['a TODO that names what it waits for', 'packages/app/src/a.ts', '// TODO(node 26): drop this'],
    ['a contract suite', 'packages/testkit/src/event-store.contract.ts', "import { test } from '@jest/globals';"],
    ['console.log in the cli', 'packages/cli/src/a.ts', 'console.log(1);'],
    ['a date made from data in the kernel', 'packages/kernel/src/a.ts', 'const t = new Date(message.at);'],
    ['a property that is named like a global', 'packages/kernel/src/a.ts', 'const a = { process: state.process };'],
    ['a clock in a test of the kernel', 'packages/kernel/src/a.test.ts', 'const t = Date.now();'],
    ['a URL with a folder named like a home', 'docs/a.md', 'https://example.org/home/page'],
  ])('%s', (_rule, path, text) => {
    expect(problemsOf(path, text, {})).toEqual([]);
  });

  test('a file between the limits that is on the list', () => {
    expect(problemsOf('packages/app/src/a.ts', lines(400), { 'packages/app/src/a.ts': 'a table' })).toEqual([]);
  });
});
