import { existsSync } from 'node:fs';
import { examplePackages, historyOf, runExample, titleOf } from './examples-at-hand.ts';
import { report } from './repository.ts';

/** Runs every built example to its end, and holds its golden histories against its sagas. */
const packages = examplePackages();
const empty = packages.filter(({ programs }) => programs.length === 0).map(({ folder }) => `examples/${folder} has nothing to run`);
const programs = packages.flatMap((one) => one.programs);
const problems = programs.flatMap((program) => runExample(program, 'check'));
const without = programs.filter((program) => !existsSync(historyOf(program))).map(titleOf);
if (without.length > 0) console.log(`examples: no history is kept of ${without.join(', ')}; npm run histories -- NAME makes one`);
report(
  [...empty, ...problems],
  `examples: ${programs.length} ran to their end, ${programs.length - without.length} with histories of theirs`,
);
