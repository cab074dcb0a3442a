import { writeFileSync } from 'node:fs';
import { type ReadableHistory, readableHistory, reportPage, sagaReport, streamOf } from '@skald/audit';
import type { RecordedEvent } from '@skald/kernel';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { type DecryptOptions, decryptOption } from '../connecting/decrypting.js';
import type { Verb } from './verb.js';

const ABOUT = `Reports on one saga for people who are no programmers: who was asked for what, when, what came of it, what was undone, what people did and why,
and whether the record is genuine. One page of HTML that needs nothing else and prints as it looks; with --json the same as data.`;

interface Options extends DecryptOptions {
  readonly output?: string;
}

export const auditReport: Verb = (program, cli) => {
  program
    .command('report <saga-id>')
    .summary('one saga, for people: a page to read or print')
    .description(ABOUT)
    .option('-o, --output <file>', 'where it goes; default: standard output')
    .addHelpText('after', '\nExample:\n  skald audit report order-1001 -o order-1001.html')
    .addOption(decryptOption())
    .action(async (sagaId: string, { output, decrypt }: Options, command) => {
      const events = await cli.reading(command, (store) => streamOf(store.events, sagaId));
      const report = sagaReport(sagaId, events, cli.terminal.now(), decrypt && (await opened(cli, command, sagaId, events)));
      const written = cli.isJson(command) ? JSON.stringify(report) : reportPage(report);
      if (output === undefined) return cli.terminal.out(written.trimEnd());
      writeFileSync(output, written);
      cli.terminal.err(`${output} is written.`);
    });
};

function opened(cli: Cli, command: Command, sagaId: string, events: readonly RecordedEvent[]): Promise<ReadableHistory> {
  return cli.withKeys(command, (codec) => readableHistory(sagaId, events, codec));
}
