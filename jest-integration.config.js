import base from './jest.config.js';

/** Tests that need real servers or real processes; one file at a time, because they share the machine. */
export default {
  ...base,
  testMatch: ['**/*.int.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 120_000,
  globalSetup: '<rootDir>/jest-integration-setup.config.js',
  globalTeardown: '<rootDir>/jest-integration-teardown.config.js',
  maxWorkers: 1,
  passWithNoTests: true,
};
