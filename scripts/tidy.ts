import { kernelPurity } from './kernel-purity.ts';
import { isTest, readText, report, repositoryFiles } from './repository.ts';
import { dotted, isNode, lineOf, type Node, parse, type Syntax, walk } from './syntax.ts';

/** A file that may be longer than the limit, and why; the hard limit holds for it too. */
const longFiles: Readonly<Record<string, string>> = {};

const fileLines = 300;
const fileLinesHard = 500;
const functionLines = 70;

const isCode = (path: string): boolean => /\.[cm]?[jt]s$/.test(path);
const isSuite = (path: string): boolean => isTest(path) || path.endsWith('.contract.ts');

/** What is wrong with one file; each problem reads `path:line: rule`. */
export function problemsOf(path: string, text: string, allowedLong: Readonly<Record<string, string>> = longFiles): string[] {
  const anywhere = [...nameProblems(path), ...machinePaths(path, text)];
  if (!isCode(path)) return anywhere;
  let syntax: Syntax;
  try {
    syntax = parse(path, text);
  } catch (error) {
    return [...anywhere, `${path}:1: ${String(error)}`];
  }
  return [
    ...anywhere,
    ...lengthProblems(path, text, allowedLong),
    ...longFunctions(path, text, syntax),
    ...exportAll(path, text, syntax),
    ...openTodos(path, text, syntax),
    ...misnamedTests(path, syntax),
    ...consoleLogs(path, text, syntax),
    ...kernelPurity(path, text, syntax),
  ];
}

const vagueNames = new Set(['utils', 'util', 'helpers', 'helper', 'types', 'common', 'misc']);
const knownSuffixes = new Set(['test', 'int.test', 'contract', 'type-test', 'config', 'd', 'int']);
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/;

function nameProblems(path: string): string[] {
  const [, folder = '', base = '', suffix = ''] = /^(.*\/)?([^/.]+)((?:\.[^/]*)?)\.[cm]?[jt]s$/.exec(path) ?? [];
  if (base === '') return [];
  const problems: string[] = [];
  if (!kebabCase.test(base)) problems.push('file names are kebab-case');
  if (vagueNames.has(base)) problems.push(`"${base}" says nothing: name the file after what it is about`);
  if (suffix !== '' && !knownSuffixes.has(suffix.slice(1)))
    problems.push(`unknown suffix "${suffix}": use one of ${[...knownSuffixes].join(', ')}`);
  if (base === 'index' && !/^((packages|examples)\/[^/]+|integration-tests|benchmarks)\/src\/$/.test(folder)) {
    problems.push('index.ts stands at a package root only; inside a package import the file');
  }
  for (const part of folder.split('/')) if (vagueNames.has(part)) problems.push(`folder "${part}" says nothing`);
  return problems.map((problem) => `${path}:1: ${problem}`);
}

function machinePaths(path: string, text: string): string[] {
  const pattern = /(?<![\w.~/-])\/(?:home|Users|root|work|tmp)\/[\w.-]|\b[A-Z]:\\{1,2}Users\\/g;
  return [...text.matchAll(pattern)].map((match) => `${path}:${lineOf(text, match.index)}: a path of one machine`);
}

function lengthProblems(path: string, text: string, allowedLong: Readonly<Record<string, string>>): string[] {
  const lines = text.trimEnd().split('\n').length;
  if (lines > fileLinesHard) return [`${path}:1: ${lines} lines; no file has more than ${fileLinesHard}`];
  if (lines > fileLines && allowedLong[path] === undefined) return [`${path}:1: ${lines} lines; the limit is ${fileLines}`];
  if (lines <= fileLines && allowedLong[path] !== undefined) return [`${path}:1: is short again; take it off the list in scripts/tidy.ts`];
  return [];
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** In a suite the functions nested in `describe` and the like are counted for themselves. */
function longFunctions(path: string, text: string, { program }: Syntax): string[] {
  const problems: string[] = [];
  const span = (node: Node): number => lineOf(text, node.end) - lineOf(text, node.start) + 1;
  const nested = (node: Node): number => {
    let lines = 0;
    walk(node, (inner, ancestors) => {
      if (inner === node || !functions.has(inner.type)) return;
      if (ancestors.filter(({ type }) => functions.has(type)).length === 1) lines += span(inner);
    });
    return lines;
  };
  walk(program, (node) => {
    if (!functions.has(node.type)) return;
    const total = span(node);
    if (total <= functionLines) return;
    const lines = isSuite(path) ? total - nested(node) : total;
    if (lines > functionLines)
      problems.push(`${path}:${lineOf(text, node.start)}: a function of ${lines} lines; the limit is ${functionLines}`);
  });
  return problems;
}

function exportAll(path: string, text: string, { program }: Syntax): string[] {
  const body = program['body'] as readonly Node[];
  return body
    .filter(({ type }) => type === 'ExportAllDeclaration')
    .map(({ start }) => `${path}:${lineOf(text, start)}: no "export *"; the public surface is written by hand`);
}

function openTodos(path: string, text: string, { comments }: Syntax): string[] {
  return comments
    .filter(({ text: comment }) => /\b(?:TODO(?!\([^)\s][^)]*\))|FIXME|XXX)\b/.test(comment))
    .map(({ start }) => `${path}:${lineOf(text, start)}: write TODO(what it waits for)`);
}

function misnamedTests(path: string, { imports }: Syntax): string[] {
  if (isSuite(path) || path.endsWith('/test-framework.ts') || !imports.some(({ specifier }) => specifier === '@jest/globals')) return [];
  return [`${path}:1: imports @jest/globals, so its name ends in .test.ts, .int.test.ts, .contract.ts or .type-test.ts`];
}

function consoleLogs(path: string, text: string, { program }: Syntax): string[] {
  if (!path.startsWith('packages/') || path.startsWith('packages/cli/') || /^packages\/[^/]+\/bench\//.test(path)) return [];
  const problems: string[] = [];
  walk(program, (node) => {
    if (node.type !== 'CallExpression' || !isNode(node['callee']) || dotted(node['callee']) !== 'console.log') return;
    problems.push(`${path}:${lineOf(text, node.start)}: only the cli prints with console.log`);
  });
  return problems;
}

const isText = (path: string): boolean => isCode(path) || /\.(json|md|ya?ml|sh|html|css|sql)$/.test(path) || path.startsWith('.ci/');

if (import.meta.main) {
  const files = repositoryFiles().filter((path) => isText(path) && path !== 'package-lock.json');
  const stale = Object.keys(longFiles).filter((path) => !files.includes(path));
  report(
    [...files.flatMap((path) => problemsOf(path, readText(path))), ...stale.map((path) => `${path}: on the list of long files, but gone`)],
    `tidy: ${files.length} files`,
  );
}
