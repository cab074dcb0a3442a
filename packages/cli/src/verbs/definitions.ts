import { definitionsDiagram } from './definitions-diagram.js';
import { definitionsDiff } from './definitions-diff.js';
import { definitionsLint } from './definitions-lint.js';
import { definitionsList } from './definitions-list.js';
import type { Verb } from './verb.js';

export const definitions: Verb = (program, cli) => {
  const group = program
    .command('definitions')
    .summary('what sagas are made of: list, lint, diff, diagram')
    .description('Shows what sagas are made of: as a module exports them (--definitions), or as they were deployed on this store.');
  for (const verb of [definitionsList, definitionsLint, definitionsDiff, definitionsDiagram]) verb(group, cli);
};
