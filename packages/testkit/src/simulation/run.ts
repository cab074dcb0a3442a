/**
 * `node packages/testkit/dist/simulation/run.js --runs 1000000 --seed 1`: as many random sagas, and what was reached.
 * `--explore 7` instead takes every path of up to seven choices through the small scenarios.
 */
import { parseArgs } from 'node:util';
import { SeededChoices } from './choices.js';
import type { Coverage } from './coverage.js';
import { explore } from './explore.js';
import { simulate } from './simulate.js';
import { SMALL_SCENARIOS } from './small-scenarios.js';
import { describeWorld } from './story.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    thorough: { type: 'boolean', default: false },
    explore: { type: 'string' },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function printCoverage(coverage: Coverage): void {
  for (const [name, times] of Object.entries(coverage).sort()) print(`${String(times).padStart(10)}  ${name}`);
}

function random(runs: number, first: number, thorough: boolean): number {
  const coverage: Coverage = {};
  const begun = performance.now();
  let broken = 0;
  for (let seed = first; seed < first + runs && broken < 5; seed++) {
    const world = simulate(new SeededChoices(seed), coverage, { thorough });
    if (world.violations.length === 0) continue;
    broken += 1;
    print(`seed ${seed}\n${describeWorld(world)}\n`);
  }
  const seconds = (performance.now() - begun) / 1_000;
  printCoverage(coverage);
  print(`${runs} runs in ${seconds.toFixed(1)} s, ${Math.round(runs / seconds)} a second; ${broken} broke a law`);
  return broken;
}

function systematic(depth: number): number {
  let broken = 0;
  for (const [name, scenario] of Object.entries(SMALL_SCENARIOS)) {
    const coverage: Coverage = {};
    const begun = performance.now();
    const exploration = explore(scenario, depth, coverage);
    if (exploration.broken !== undefined) broken += 1;
    printCoverage(coverage);
    print(`${name}: ${exploration.tapes} tapes of up to ${depth} choices in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
    print(exploration.broken ?? 'none broke a law\n');
  }
  return broken;
}

const { runs, seed, thorough, explore: depth } = values;
const broken = depth === undefined ? random(Number(runs), Number(seed), thorough) : systematic(Number(depth));
process.exitCode = broken > 0 ? 1 : 0;
