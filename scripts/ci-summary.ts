import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './repository.ts';

export interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** A suite that could not run, and a report that was never written, count as one failure each. */
export function countsOf(reports: readonly (JestReport | undefined)[]): Counts {
  return reports.reduce<Counts>(
    ({ passed, failed }, one) => ({
      passed: passed + (one?.numPassedTests ?? 0),
      failed: failed + (one ? one.numFailedTests + one.numRuntimeErrorTestSuites : 1),
    }),
    { passed: 0, failed: 0 },
  );
}

if (import.meta.main) {
  const { passed, failed } = countsOf(
    process.argv.slice(2).map((path) => (existsSync(join(root, path)) ? readJson<JestReport>(path) : undefined)),
  );
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
