import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText, report, repositoryFiles, root } from './repository.ts';

/**
 * Keeps code in the documentation equal to code that is compiled and tested.
 *
 *     <!-- snippet: examples/order-fulfilment/src/order-saga.ts#saga -->     the lines between `// #region saga` and `// #endregion`
 *     <!-- snippet: examples/order-fulfilment/src/main.ts -->               a whole file
 *     <!-- no-snippet: shows what does not compile -->                      a block written by hand, and why
 *
 * `npm run snippets` rewrites the blocks, `npm run snippets -- --check` only compares.
 */
const marker = /^\s*<!--\s*(?:snippet:\s*(?<path>[^#\s]+)(?:#(?<region>\S+))?|no-snippet:\s*(?<reason>\S.*?))\s*-->\s*$/;
const fence = /^\s*(?<ticks>`{3,}|~{3,})(?<language>[\w-]*)/;
const regionStart = /^\s*(?:\/\/|#|--|<!--)\s*#region\s+(?<name>[\w-]+)/;
const regionEnd = /^\s*(?:\/\/|#|--|<!--)\s*#endregion\b/;
const mustHaveSource = new Set(['ts', 'typescript', 'tsx', 'mts']);

export interface Rendered {
  readonly text: string;
  readonly problems: readonly string[];
}

/** Lines of a region without the indentation they share and without the marks of regions inside it. */
export function regionOf(source: string, region: string | undefined): string[] | undefined {
  const lines = source.trimEnd().split('\n');
  if (region === undefined) return dedent(lines.filter((line) => !regionStart.test(line) && !regionEnd.test(line)));
  const first = lines.findIndex((line) => regionStart.exec(line)?.groups?.['name'] === region);
  if (first < 0) return undefined;
  const inside: string[] = [];
  let depth = 1;
  for (const line of lines.slice(first + 1)) {
    if (regionStart.test(line)) depth += 1;
    else if (regionEnd.test(line)) depth -= 1;
    else inside.push(line);
    if (depth === 0) return dedent(inside);
  }
  return undefined;
}

function dedent(lines: readonly string[]): string[] {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  const shared = Math.min(...indents);
  const text = lines.map((line) => line.slice(shared).trimEnd()).join('\n');
  return text.replace(/^\n+|\n+$/g, '').split('\n');
}

/** Fills in the snippets of one document; `sourceOf` answers nothing for a file that does not exist. */
export function render(document: string, text: string, sourceOf: (path: string) => string | undefined): Rendered {
  const lines = text.split('\n');
  const output: string[] = [];
  const problems: string[] = [];
  let mark: { readonly groups: Readonly<Record<string, string | undefined>>; readonly line: number } | undefined;
  const complain = (line: number, problem: string): void => void problems.push(`${document}:${line + 1}: ${problem}`);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const open = fence.exec(line)?.groups;
    output.push(line);
    if (!open) {
      const groups = marker.exec(line)?.groups;
      if (mark && line.trim() !== '') complain(mark.line, 'no code block follows this marker');
      if (groups) mark = { groups, line: at };
      else if (line.trim() !== '') mark = undefined;
      continue;
    }
    const close = lines.findIndex((other, index) => index > at && other.trim().startsWith(open['ticks'] ?? '') && !/\w/.test(other));
    const end = close < 0 ? lines.length - 1 : close;
    const body = lines.slice(at + 1, end);
    output.push(...blockOf(mark?.groups, body, sourceOf, (problem) => complain(mark?.line ?? at, problem)), lines[end] ?? '');
    if (!mark && mustHaveSource.has(open['language'] ?? ''))
      complain(at, 'a TypeScript block needs a snippet marker, or no-snippet with a reason');
    mark = undefined;
    at = end;
  }
  if (mark) complain(mark.line, 'no code block follows this marker');
  return { text: output.join('\n'), problems };
}

function blockOf(
  mark: Readonly<Record<string, string | undefined>> | undefined,
  body: readonly string[],
  sourceOf: (path: string) => string | undefined,
  complain: (problem: string) => void,
): readonly string[] {
  const path = mark?.['path'];
  if (path === undefined) return body;
  const source = sourceOf(path);
  if (source === undefined) complain(`${path} does not exist`);
  const region = source === undefined ? undefined : regionOf(source, mark?.['region']);
  if (source !== undefined && !region) complain(`${path} has no region "${mark?.['region']}"`);
  return region ?? body;
}

const isDocument = (path: string): boolean =>
  path === 'README.md' || /^docs\/.*\.md$/.test(path) || /^(packages|examples)\/[^/]+\/README\.md$/.test(path);

if (import.meta.main) {
  const check = process.argv.includes('--check');
  const documents = repositoryFiles().filter(isDocument);
  const sourceOf = (path: string): string | undefined => (existsSync(join(root, path)) ? readText(path) : undefined);
  const problems = documents.flatMap((path) => {
    const before = readText(path);
    const { text, problems: found } = render(path, before, sourceOf);
    if (text === before) return found;
    if (check) return [...found, `${path}: its code differs from the sources; run npm run snippets`];
    writeFileSync(join(root, path), text);
    return found;
  });
  report(problems, `snippets: ${documents.length} documents`);
}
