import { spawnSync } from 'node:child_process';
import { root } from './repository.ts';

/**
 * Runs every check, also after one has failed, and says at the end which did. What follows `--` goes to the tests:
 * `npm run verify -- --json --outputFile=reports/unit.json`.
 */
const testArguments = process.argv.slice(2);
const stages: readonly (readonly string[])[] = [
  ['build'],
  ['types'],
  ['lint'],
  ['format:check'],
  ['tidy'],
  ['test', '--', ...testArguments],
  ['examples'],
  ['snippets', '--', '--check'],
];

const results = stages.map(([name = '', ...rest]) => {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', name, ...rest], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  return { name, passed: status === 0, seconds: (performance.now() - started) / 1000 };
});

console.log('\n── verify');
for (const { name, passed, seconds } of results) console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.toFixed(1)} s`);
const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
if (failed.length > 0) {
  console.error(`verify: failed in ${failed.join(', ')}`);
  process.exitCode = 1;
}
