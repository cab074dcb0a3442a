import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Absolute path of the repository, without a trailing separator. */
export const root = join(import.meta.dirname, '..');

const notOurs = new Set(['node_modules', 'dist', 'coverage', 'reports', '.git', '.nx', '.kafka', '.postgres']);

/** Every file of the repository that people write, as `/`-separated paths from its root, sorted. */
export function repositoryFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (notOurs.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return repositoryFiles(path);
      return entry.isFile() ? [relative(root, path).split(sep).join('/')] : [];
    })
    .sort();
}

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8');

export function readJson<Shape>(path: string): Shape {
  return JSON.parse(readText(path)) as Shape;
}

/** Tests, compile-time tests and nothing else: what no build contains. Contract suites are built, since adapters import them. */
export const isTest = (path: string): boolean => /\.(test|type-test)\.ts$/.test(path);

/** Prints what is wrong and sets the exit code; says `fine` when nothing is. */
export function report(problems: readonly string[], fine: string): void {
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? fine : `${problems.length} problem(s)`);
  if (problems.length > 0) process.exitCode = 1;
}
