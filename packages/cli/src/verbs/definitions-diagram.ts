import { writeFileSync } from 'node:fs';
import { Option } from 'commander';
import { graphOf } from '../diagrams/definition-graph.js';
import { describedIn, describedOnRecord } from '../diagrams/described.js';
import { dot, mermaid, svg } from '../diagrams/diagrams.js';
import { wholeNumber } from '../terminal/whole-number.js';
import type { Verb } from './verb.js';

interface Options {
  readonly of?: number;
  readonly format: 'mermaid' | 'dot' | 'svg';
  readonly out?: string;
}

export const definitionsDiagram: Verb = (program, cli) => {
  program
    .command('diagram <saga>')
    .summary('its steps, drawn')
    .description(
      'Draws the steps of a saga: as Mermaid, for Markdown; as DOT, for Graphviz; or as SVG, drawn by a Graphviz that is brought along.',
    )
    .option('--of <version>', 'of this version (default: the newest)', wholeNumber('--of', 1))
    .addOption(new Option('-f, --format <format>', 'how').choices(['mermaid', 'dot', 'svg']).default('mermaid'))
    .option('-o, --out <file>', 'into a file')
    .action(async (saga: string, { of: version, format, out }: Options, command) => {
      const definitions = await cli.definitions(command);
      const all = definitions ? describedIn(definitions) : await cli.reading(command, (store) => describedOnRecord(store, [saga]));
      const fitting = all.filter((one) => one.saga === saga && (version === undefined || one.version === version));
      const description = fitting.at(-1)?.description;
      if (description === undefined) {
        const known = [...new Set(all.map((one) => `${one.saga} ${one.version}`))].join(', ') || 'none';
        throw new Error(`there is no saga ${saga}${version === undefined ? '' : ` of version ${version}`} here; there is ${known}`);
      }
      const graph = graphOf(description);
      const drawn = format === 'svg' ? await svg(graph) : format === 'dot' ? dot(graph) : mermaid(graph);
      if (out !== undefined) writeFileSync(out, `${drawn.trimEnd()}\n`);
      else if (cli.isJson(command)) cli.json({ saga, version: graph.version, format, diagram: drawn });
      else cli.terminal.out(drawn.trimEnd());
    });
};
