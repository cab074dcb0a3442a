import { setTimeout } from 'node:timers/promises';
import type { SagaIndex, SagaStatus, SagaSummary } from '@skald/kernel';
import type { OpenStore } from '../connecting/open-store.js';
import { sagaRows } from '../looking/saga-rows.js';
import { addSelection, isSelected, type Selection, type SelectionOptions, STATUSES, selected, selectionOf } from '../looking/selection.js';
import { lookOfSaga } from '../looking/status-look.js';
import { dateTime } from '../terminal/ages.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import { wholeNumber } from '../terminal/whole-number.js';
import type { Verb } from './verb.js';

interface Options extends SelectionOptions {
  readonly limit: number;
  readonly follow?: boolean;
}

export const list: Verb = (program, cli) => {
  addSelection(program.command('list').alias('ls').summary('which sagas there are, the newest first'))
    .description('Lists sagas, the newest first: where each stands and since when, what falls due, and why it is not well.')
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 50)
    .option('--follow', 'go on, and tell each change of status as it comes, until interrupted')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options, command) => {
      const { terminal } = cli;
      const selection = selectionOf(options, terminal.now());
      const print = cli.isJson(command) ? (sagas: readonly SagaSummary[]) => sagas.forEach((saga) => cli.json(saga)) : undefined;
      await cli.reading(command, async (store) => {
        const head = await store.events.head();
        const index = await store.index();
        const { sagas, more } = await firstOf(index, selection, options.limit);
        // Before anything is seen: whoever interrupts it then ends it in order.
        const interrupted = options.follow ? terminal.interrupted() : undefined;
        if (print) print(sagas);
        else show(sagas, terminal);
        if (interrupted) return follow(store, head, selection, print ?? ((changed) => tell(changed, terminal)), interrupted);
        if (!print) terminal.err(await footer(index, sagas.length, more));
      });
    });
};

const EXAMPLES = `
Examples:
  skald list --status suspended              what waits for a person
  skald list --saga order --started-after 1h
  skald list --status failed --json | jq -r .sagaId`;

async function firstOf(index: SagaIndex, selection: Selection, limit: number) {
  const sagas: SagaSummary[] = [];
  for await (const summary of selected(index, selection)) {
    if (sagas.length === limit) return { sagas, more: true };
    sagas.push(summary);
  }
  return { sagas, more: false };
}

function show(sagas: readonly SagaSummary[], terminal: Terminal): void {
  if (sagas.length === 0) return;
  const { colours, width } = terminal;
  for (const line of sagaRows(sagas, { paint: painter(colours), width, now: terminal.now() })) terminal.out(line);
}

/** How much of all that is: on standard error, so that a pipe gets sagas and nothing else. */
async function footer(index: SagaIndex, shown: number, more: boolean): Promise<string> {
  const counts = await index.count();
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'There is no saga in this store.';
  const all = STATUSES.flatMap((status: SagaStatus) => (counts[status] ? [`${counts[status]} ${status}`] : [])).join(', ');
  if (shown === total) return `${total} saga${total === 1 ? '' : 's'}: ${all}.`;
  const here = shown === 0 ? 'No saga fits' : `${shown} shown${more ? ', and there are more (--limit)' : ''}`;
  return `${here}; in all ${total}: ${all}.`;
}

/** How often it is looked whether something was stored, in milliseconds. */
const LOOK_EVERY = 250;
const PAGE = 1_000;

/** Ends when interrupted. What leaves the status as it was is not told. Looks by itself: a reader in another process is told of nothing. */
async function follow(
  store: OpenStore,
  from: number,
  selection: Selection,
  print: (sagas: readonly SagaSummary[]) => void,
  interrupted: AbortSignal,
): Promise<void> {
  const { events } = store;
  const index = await store.index();
  const told = new Map<string, string>();
  for (let position = from; !interrupted.aborted; ) {
    const batch = await events.readAll(position, PAGE);
    position = batch.at(-1)?.position ?? position;
    // An index that is fed from the events may not have seen these yet, and would tell what was before them, for good.
    await store.shows(position);
    for (const sagaId of new Set(batch.map(({ stream }) => stream))) {
      const summary = await index.get(sagaId);
      const what = `${summary?.status} ${summary?.since}`;
      if (summary && told.get(sagaId) !== what && isSelected(summary, selection)) print([summary]);
      told.set(sagaId, what);
    }
    if (batch.length < PAGE) await setTimeout(LOOK_EVERY, undefined, { signal: interrupted }).catch(() => undefined);
  }
}

const WIDEST_STATUS = Math.max(...STATUSES.map(({ length }) => length));

function tell(sagas: readonly SagaSummary[], terminal: Terminal): void {
  const paint = painter(terminal.colours);
  for (const { status, sagaId, since, error } of sagas) {
    const { mark, style } = lookOfSaga(status);
    const why = error === undefined ? '' : `  ${plain(error)}`;
    terminal.out(`${paint('dim', dateTime(since))}  ${paint(style, `${mark} ${status.padEnd(WIDEST_STATUS)}`)}  ${plain(sagaId)}${why}`);
  }
}
