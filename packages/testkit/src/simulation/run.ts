/** `node packages/testkit/dist/simulation/run.js --runs 1000000 --seed 1`: as many random sagas, and what was reached. */
import { parseArgs } from 'node:util';
import { SeededChoices } from './choices.js';
import type { Coverage } from './coverage.js';
import { simulate } from './simulate.js';
import { describeWorld } from './story.js';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' }, thorough: { type: 'boolean', default: false } },
});
const runs = Number(values.runs);
const first = Number(values.seed);
const coverage: Coverage = {};
const begun = performance.now();
let broken = 0;
for (let seed = first; seed < first + runs && broken < 5; seed++) {
  const world = simulate(new SeededChoices(seed), coverage, { thorough: values.thorough });
  if (world.violations.length === 0) continue;
  broken += 1;
  process.stdout.write(`seed ${seed}\n${describeWorld(world)}\n\n`);
}
const seconds = (performance.now() - begun) / 1_000;
for (const [name, times] of Object.entries(coverage).sort()) process.stdout.write(`${String(times).padStart(10)}  ${name}\n`);
process.stdout.write(`${runs} runs in ${seconds.toFixed(1)} s, ${Math.round(runs / seconds)} a second; ${broken} broke a law\n`);
process.exitCode = broken > 0 ? 1 : 0;
