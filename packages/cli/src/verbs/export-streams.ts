import { exportAll, exportStreams, lineOf, withChildren } from '@skald/audit';
import type { RecordedEvent } from '@skald/kernel';
import type { OpenStore } from '../connecting/open-store.js';
import { UsageError } from '../usage.js';
import { streamsUnderWay } from './audit-gate.js';
import type { Verb } from './verb.js';

interface Options {
  readonly all?: true;
  readonly running?: true;
}

export const exporting: Verb = (program, cli) => {
  program
    .command('export [saga-ids...]')
    .summary('write histories as lines of JSON')
    .description(
      'Writes events to standard output, one JSON object a line, with data and metadata as the very texts that are stored: what is imported elsewhere can be verified as it could here.',
    )
    .option('--all', 'everything the store holds')
    .option('--running', 'the sagas that have not ended, their completed children, and what was deployed of them: for skald audit gate')
    .action(async (sagaIds: readonly string[], options: Options, command) => {
      const ways = [sagaIds.length > 0, options.all, options.running].filter(Boolean).length;
      if (ways !== 1) throw new UsageError('saga ids are wanted, or --all, or --running');
      await cli.reading(command, async (store) => {
        for await (const event of await chosen(store, sagaIds, options)) cli.terminal.out(lineOf(event));
      });
    });
};

async function chosen(store: OpenStore, sagaIds: readonly string[], { all, running }: Options): Promise<AsyncIterable<RecordedEvent>> {
  if (all) return exportAll(store.events);
  return running ? withChildren(store.events, await streamsUnderWay(store, [])) : exportStreams(store.events, sagaIds);
}
