import { type HistoryEvent, readHistory, stateOf } from '@skald/engine';
import { stateView } from '../state-view.js';
import { timeline } from '../timeline.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ABOUT = `Tells what happened to a saga, from its events: what was asked of whom, each outcome, retries, compensations, what operators did.
Work that ran side by side stands in columns.`;

interface Options {
  readonly at?: string;
}

export const replay: Verb = (program, cli) => {
  program
    .command('replay <saga-id>')
    .summary('tell what happened to a saga')
    .description(ABOUT)
    .option('--at <revision>', 'the state after that event instead: each step, what was owed, what was due')
    .action(async (sagaId: string, options: Options, command) => {
      const { terminal } = cli;
      const at = options.at === undefined ? undefined : revisionOf(options.at);
      const events = await cli.reading(command, ({ events }) => readHistory(events, sagaId));
      const last = events.length - 1;
      if (at !== undefined && at > last) throw new Error(`${sagaId} has no revision ${at}: it has 0 to ${last}`);
      const shown = at === undefined ? events : events.slice(0, at + 1);
      if (cli.isJson(command)) for (const event of shown) cli.json(event);
      else for (const line of at === undefined ? timelineOf(shown) : stateView(stateOf(shown), { ...widthOf(), last })) terminal.out(line);
    });

  const widthOf = () => (cli.terminal.width === undefined ? {} : { width: cli.terminal.width });
  const timelineOf = (events: readonly HistoryEvent[]) => timeline(events, { colours: cli.terminal.colours, ...widthOf() });
};

function revisionOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`--at ${text}: a revision is a whole number from 0 on`);
}
