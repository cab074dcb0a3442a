import { expect, test } from '@jest/globals';
import { countsOf } from './ci-summary.ts';

const report = (numPassedTests: number, numFailedTests = 0, numRuntimeErrorTestSuites = 0) => ({
  numPassedTests,
  numFailedTests,
  numRuntimeErrorTestSuites,
});

test('the counts of all runs are added up', () => {
  expect(countsOf([report(3, 1), report(4)])).toEqual({ passed: 7, failed: 1 });
});

test('a suite that could not run and a report that is missing are failures', () => {
  expect(countsOf([report(3, 0, 1), undefined])).toEqual({ passed: 3, failed: 2 });
});
