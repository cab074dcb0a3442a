/**
 * `npm run histories [-- 08-fallback …]`: runs the built examples, or those named, and keeps the streams that they fill as golden histories
 * (`examples/<package>/histories/*.ndjson`). `npm run examples` holds them against the examples' sagas.
 */
import { examplePrograms, runExample, titleOf } from './examples-at-hand.ts';
import { report } from './repository.ts';

const wanted = process.argv.slice(2);
const programs = examplePrograms().filter((program) => wanted.length === 0 || wanted.includes(titleOf(program)));
const unknown = wanted.filter((name) => !programs.some((program) => titleOf(program) === name));
const problems = programs.flatMap((program) => runExample(program, 'record'));
report([...unknown.map((name) => `there is no example ${name}`), ...problems], `histories: of ${programs.length} examples`);
