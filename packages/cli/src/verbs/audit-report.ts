import { writeFileSync } from 'node:fs';
import { reportPage, sagaReport, streamOf } from '@skald/audit';
import type { Verb } from './verb.js';

const ABOUT = `Reports on one saga for people who are no programmers: who was asked for what, when, what came of it, what was undone, what people did and why,
and whether the record is genuine. One page of HTML that needs nothing else and prints as it looks; with --json the same as data.`;

interface Options {
  readonly output?: string;
}

export const auditReport: Verb = (program, cli) => {
  program
    .command('report <saga-id>')
    .summary('one saga, for people: a page to read or print')
    .description(ABOUT)
    .option('-o, --output <file>', 'where it goes; default: standard output')
    .addHelpText('after', '\nExample:\n  skald audit report order-1001 -o order-1001.html')
    .action(async (sagaId: string, { output }: Options, command) => {
      const events = await cli.reading(command, (store) => streamOf(store.events, sagaId));
      const report = sagaReport(sagaId, events, cli.terminal.now());
      const written = cli.isJson(command) ? JSON.stringify(report) : reportPage(report);
      if (output === undefined) return cli.terminal.out(written.trimEnd());
      writeFileSync(output, written);
      cli.terminal.err(`${output} is written.`);
    });
};
