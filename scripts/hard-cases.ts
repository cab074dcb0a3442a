import { dirname, join } from 'node:path/posix';
import { isTest, readText, repositoryFiles } from './repository.ts';

const PAGE = 'docs/explanation/hard-cases.md';

/** The numbers of the hard cases, in order. No invariant of a file has one of these. */
export const HARD_CASES: readonly string[] = Array.from({ length: 28 }, (_, at) => `${at < 17 ? 'A' : 'B'}${at + 1}`);

/** What the page says of a case. */
export interface HardCase {
  readonly number: string;
  readonly rule: string | undefined;
  /** Paths of the tests that it names, sorted. */
  readonly tests: readonly string[];
}

export function hardCases(page = readText(PAGE)): readonly HardCase[] {
  const [, ...sections] = page.split(/^### /m);
  return sections.map((section) => {
    const links = [...section.matchAll(/\]\(([^)#\s]+)\)/g)].map(([, path = '']) => join(dirname(PAGE), path));
    return {
      number: /^[A-Z]\d+(?=\. )/.exec(section)?.[0] ?? section.slice(0, 20),
      rule: /^\*\*Rule\.\*\* (.+)/m.exec(section)?.[1],
      tests: links.filter(isSuite).sort(),
    };
  });
}

/** By number, the tests with a title that begins with it. */
export function namedByTests(): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>(HARD_CASES.map((number) => [number, []]));
  for (const path of repositoryFiles().filter((path) => isSuite(path) && !path.startsWith('scripts/'))) {
    for (const number of namedIn(readText(path))) named.get(number)?.push(path);
  }
  return named;
}

/** What titles begin with, in a text of tests: of `A9, V2: what is owed …` A9 and V2. */
export function namedIn(text: string): ReadonlySet<string> {
  const labels = [...text.matchAll(/['"`]((?:[A-Z]{1,2}\d+, )*[A-Z]{1,2}\d+): /g)];
  return new Set(labels.flatMap(([, numbers = '']) => numbers.split(', ')));
}

/** Tests, and the suites that adapters call. */
function isSuite(path: string): boolean {
  return isTest(path) || path.endsWith('.contract.ts');
}
