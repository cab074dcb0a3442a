import { byStream, importStreams } from '@skald/audit';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { eventsIn } from './audit-gate.js';
import type { Verb } from './verb.js';

const ABOUT = `Takes histories into the store as they were written where they come from: same ids, same hashes, the very characters. Each must hold and be whole. A
history that is there is left as it is where it is the same, event for event; if it is another one, nothing at all is imported. The store must
not be in use. Sagas that are under way go on here as soon as something runs on this store; see to it that they do nowhere else.`;

export const importing: Verb = (program, cli) => {
  program
    .command('import <file>')
    .summary('take in histories that were exported')
    .description(ABOUT)
    .action(async (file: string, _options, command) => {
      const streams = await byStream(eventsIn(file));
      const store = await openSqliteStore({ file: await cli.storeFile(command) });
      try {
        const result = await importStreams(store.events, streams);
        if (cli.isJson(command)) return cli.json(result);
        const there = result.there === 0 ? '' : `; ${result.there} were there already`;
        cli.terminal.out(`${result.events} events of ${result.streams} streams imported${there}.`);
      } finally {
        await store.close();
      }
    });
};
