import { type HistoryEvent, stateOf } from '@skald/engine';
import type { Cli } from '../cli.js';
import { type DecryptOptions, decryptOption, shownHistory } from '../connecting/decrypting.js';
import { stateDifferences, stateDiffLines } from '../looking/state-diff.js';
import { stateView } from '../looking/state-view.js';
import { stepThrough } from '../looking/step-through.js';
import { timeline } from '../looking/timeline.js';
import { dateOf, durationOf } from '../terminal/moments.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ABOUT = `Tells what happened to a saga, from its events: what was asked of whom, each outcome, retries, compensations, what operators did.
Work that ran side by side stands in columns.`;

const EXAMPLES = `
Examples:
  skald replay order-1 --at 7            how it stood after revision 7
  skald replay order-1 --at +2m          two minutes after its start
  skald replay order-1 --diff 3..7       what changed between the two
  skald replay order-1 --step            walk through it with the arrow keys`;

interface Options extends DecryptOptions {
  readonly at?: string;
  readonly diff?: string;
  readonly step?: boolean;
}

export const replay: Verb = (program, cli) => {
  program
    .command('replay <saga-id>')
    .summary('tell what happened to a saga')
    .description(ABOUT)
    .option('--at <when>', 'the state then: a revision, a time after the start (+2m), or a date (UTC)')
    .option('--diff <from..to>', 'what changed from one to the other, each as for --at')
    .option('--step', 'walk through its history with the arrow keys')
    .addHelpText('after', EXAMPLES)
    .addOption(decryptOption())
    .action(async (sagaId: string, options: Options, command) => {
      const chosen = Object.keys(options).filter((name) => ['at', 'diff', 'step'].includes(name));
      if (chosen.length > 1) throw new UsageError(`--${chosen.join(' and --')} exclude each other`);
      if (options.at !== undefined) checkWhen('--at', options.at);
      const events = await shownHistory(cli, command, sagaId, options);
      const asJson = cli.isJson(command);
      if (options.diff !== undefined) return showDiff(cli, events, options.diff, asJson);
      if (options.step) return walk(cli, events);
      const at = options.at === undefined ? undefined : revisionOf(events, '--at', options.at);
      const shown = at === undefined ? events : events.slice(0, at + 1);
      if (asJson) for (const event of shown) cli.json(event);
      else for (const line of at === undefined ? story(cli, shown) : view(cli, shown, events.length - 1)) cli.terminal.out(line);
    });
};

function story({ terminal: { colours, width } }: Cli, events: readonly HistoryEvent[]): string[] {
  return timeline(events, { colours, ...(width !== undefined && { width }) });
}

function view({ terminal: { width } }: Cli, events: readonly HistoryEvent[], last: number): string[] {
  return stateView(stateOf(events), { last, ...(width !== undefined && { width }) });
}

function showDiff(cli: Cli, events: readonly HistoryEvent[], range: string, asJson: boolean): void {
  const [from, to, ...more] = range.split('..');
  if (!from || !to || more.length > 0) throw new UsageError(`--diff ${range}: two revisions are wanted, as in 3..7`);
  const [one, other] = [revisionOf(events, '--diff', from), revisionOf(events, '--diff', to)];
  const differences = stateDifferences(stateOf(events.slice(0, one + 1)), stateOf(events.slice(0, other + 1)));
  if (asJson) return cli.json({ sagaId: stateOf(events).sagaId, from: one, to: other, differences });
  if (differences.length === 0) return cli.terminal.err(`Nothing changed from revision ${one} to ${other}.`);
  for (const line of stateDiffLines(differences, cli.terminal.colours)) cli.terminal.out(line);
}

async function walk({ terminal }: Cli, events: readonly HistoryEvent[]): Promise<void> {
  const { person, colours, width = 80 } = terminal;
  if (!person?.keys) throw new UsageError('--step is for a terminal; --at shows the state at one revision');
  try {
    await stepThrough(events, person, { colours, width, height: person.rows ?? 24 });
  } finally {
    person.screen?.(undefined);
  }
}

function checkWhen(option: string, text: string): void {
  if (/^\d{1,15}$/.test(text) || (text.startsWith('+') && durationOf(text.slice(1)) !== undefined) || dateOf(text) !== undefined) return;
  throw new UsageError(`${option} ${text}: a revision, a time after the start (+2m), or a date (2026-11-24T09:45)`);
}

/** The last revision at that time. */
function revisionOf(events: readonly HistoryEvent[], option: string, text: string): number {
  const [first] = events;
  const last = events.length - 1;
  checkWhen(option, text);
  if (!first) throw new Error('no events');
  if (/^\d{1,15}$/.test(text)) {
    if (Number(text) <= last) return Number(text);
    throw new Error(`${stateOf(events).sagaId} has no revision ${text}: it has 0 to ${last}`);
  }
  const after = text.startsWith('+') ? durationOf(text.slice(1)) : undefined;
  const at = after === undefined ? (dateOf(text) ?? Number.NaN) : first.at + after;
  const revision = events.findLastIndex((event) => event.at <= at);
  if (revision >= 0) return revision;
  throw new Error(`${stateOf(events).sagaId} had not been started then; it was at ${new Date(first.at).toISOString()}`);
}
