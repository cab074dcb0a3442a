import { replayAll } from '@skald/audit';
import { EXIT } from '../exit-codes.js';
import { plain } from '../terminal/plain-text.js';
import type { Verb } from './verb.js';

export const auditReplay: Verb = (program, cli) => {
  program
    .command('replay')
    .summary('fold every history, and say how all sagas stand')
    .description(
      'Folds all streams from their first event on, as a rebuild does, and says how their sagas stand. Names each history that cannot be read.',
    )
    .action(async (_options, command) => {
      const { events, sagas, ended, open, unreadable } = await cli.reading(command, (store) => replayAll(store.events));
      if (unreadable.length > 0) cli.exitCode = EXIT.found;
      if (cli.isJson(command)) return cli.json({ events, sagas, open, ended, unreadable });
      for (const { stream, revision, problem } of unreadable) cli.terminal.out(`${plain(stream)}, revision ${revision}: ${plain(problem)}`);
      const ends = Object.entries(ended).flatMap(([status, count]) => (count > 0 ? [`${count} ${status}`] : []));
      cli.terminal.out(`${events} events of ${sagas} sagas folded: ${[`${open} under way`, ...ends].join(', ')}.`);
    });
};
