import { readHistory, stateOf } from '@skald/engine';
import type { SagaSummary } from '@skald/kernel';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import type { OpenStore } from '../connecting/open-store.js';
import { selected, selectionOf } from '../looking/selection.js';
import { lookOfSaga } from '../looking/status-look.js';
import { type Cell, columns } from '../terminal/columns.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import type { Person } from '../terminal/terminal.js';
import { Trouble } from '../trouble.js';
import { UsageError } from '../usage.js';
import { type Act, parkedTargets, type SeenTarget } from './act.js';
import { actingOf, type ManyOptions, reasonOf, requestOf } from './acting-options.js';
import type { Operations } from './operations.js';

/** Asked at once. */
const AT_ONCE = 50;
/** Shown before it is asked whether they are meant. */
const SHOWN = 10;
const BAR = 24;

/** One thing to be done. */
interface Item {
  readonly summary: SagaSummary;
  readonly seen?: SeenTarget;
}

interface Refusal {
  readonly item: Item;
  readonly error: unknown;
}

/** Does it to all sagas that are chosen: says which, asks whether they are meant, and tells of each that was refused. */
export async function actOnMany(cli: Cli, command: Command, act: Act, options: ManyOptions): Promise<void> {
  const { all, status, saga, startedAfter, startedBefore, error, attribute } = options;
  if (!all && [status, saga, startedAfter, startedBefore, error, attribute].every((one) => one === undefined)) {
    throw new UsageError(`name a saga, or choose some with --saga, --status, --error and so on, or --all (skald ${act.name} --help)`);
  }
  const items = await cli.reading(command, (store) => itemsOf(store, act, options, cli.terminal.now()));
  const asJson = cli.isJson(command);
  if (options.dryRun && asJson) for (const item of items) cli.json({ ...named(item, act), outcome: 'would be done' });
  else if (options.dryRun || items.length === 0) for (const line of announced(items, act, cli, items.length)) cli.terminal.out(line);
  if (options.dryRun || items.length === 0) return;
  await confirm(cli, act, items, options);
  const reason = await reasonOf(cli, options);
  const by = await cli.actorOf(command, options.by);
  const request = requestOf(options);
  const carriedOut = await cli.acting(command, actingOf(options), (operations) =>
    carryOutAll(cli, act, items, async (item) => {
      const values = { sagaId: item.summary.sagaId, ...item.seen, by, reason, ...act.values };
      const outcome = await call(operations, act, values, `${request}/${item.summary.sagaId}/${item.seen?.target ?? ''}`);
      if (asJson) cli.json({ ...named(item, act), outcome });
    }),
  );
  told(cli, act, items.length, carriedOut, asJson);
}

async function call(operations: Operations, act: Act, values: Readonly<Record<string, unknown>>, request: string): Promise<string> {
  return (await operations.call(act.name, values, request)).type;
}

function named({ summary, seen }: Item, { name }: Act) {
  return { sagaId: summary.sagaId, operation: name, ...seen };
}

async function itemsOf(store: OpenStore, act: Act, options: ManyOptions, now: number): Promise<Item[]> {
  const index = await store.index();
  const selection = selectionOf(options, now);
  const items: Item[] = [];
  for await (const summary of selected(index, { ...selection, status: selection.status ?? act.statuses })) {
    if (!act.onTarget) items.push({ summary });
    else {
      const state = stateOf(await readHistory(store.events, summary.sagaId));
      items.push(...parkedTargets(state, act.name).map((seen) => ({ summary, seen })));
    }
  }
  return items;
}

function announced(items: readonly Item[], act: Act, cli: Cli, shown: number): string[] {
  if (items.length === 0) return [`There is nothing to ${act.name}: no saga fits.`];
  const { colours, width } = cli.terminal;
  const rows = items.slice(0, shown).map(({ summary, seen }): Cell[] => {
    const { mark, style } = lookOfSaga(summary.status);
    return [
      { text: `${act.name} ${plain(summary.sagaId)}`, style: 'bold' },
      { text: seen === undefined ? '' : plain(seen.target) },
      { text: `${mark} ${summary.status}`, style },
      { text: summary.error === undefined ? '' : plain(summary.error) },
    ];
  });
  const more = items.length > shown ? [`… and ${items.length - shown} more`] : [];
  return [...columns(rows, { paint: painter(colours), width }), ...more];
}

async function confirm(cli: Cli, act: Act, items: readonly Item[], { yes }: ManyOptions): Promise<void> {
  if (yes) return;
  const { person, err } = cli.terminal;
  if (!person) throw new UsageError(`${items.length} would be meant: --yes does it, --dry-run says which they are`);
  for (const line of announced(items, act, cli, SHOWN)) err(line);
  const answer = await person.ask(`${act.name} ${items.length === 1 ? 'this one' : `these ${items.length}`}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Trouble('not-confirmed', 'Nothing was done.');
}

interface CarriedOut {
  /** The others were not, after one that nobody answered. */
  readonly asked: number;
  readonly refused: readonly Refusal[];
}

/** A refusal stops no other; what nobody answers does. */
async function carryOutAll(cli: Cli, act: Act, items: readonly Item[], one: (item: Item) => Promise<void>): Promise<CarriedOut> {
  const { person } = cli.terminal;
  const refused: Refusal[] = [];
  const waiting = [...items];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      try {
        await one(item);
      } catch (error) {
        if (error instanceof Trouble && error.code === 'no-answer') waiting.length = 0;
        refused.push({ item, error });
      }
      done += 1;
      if (person) progress(person, act, done, items.length, refused.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  person?.progress('');
  return { asked: done, refused };
}

function progress(person: Person, { name }: Act, done: number, all: number, refused: number): void {
  const full = Math.round((done / all) * BAR);
  const bar = '█'.repeat(full) + '░'.repeat(BAR - full);
  person.progress(`${bar} ${name} ${done} of ${all}${refused > 0 ? `, ${refused} refused` : ''}`);
}

function told(cli: Cli, act: Act, count: number, { asked, refused }: CarriedOut, asJson: boolean): void {
  const { terminal } = cli;
  for (const { item, error } of refused) {
    const message = error instanceof Error ? error.message : String(error);
    if (asJson) cli.json({ ...named(item, act), outcome: 'refused', error: message });
    else terminal.err(`${plain(item.summary.sagaId)}${item.seen ? ` ${plain(item.seen.target)}` : ''}: ${message}`);
  }
  if (!asJson) {
    const others = [...(refused.length > 0 ? [`${refused.length} refused`] : []), ...(asked < count ? [`${count - asked} not asked`] : [])];
    terminal.out([`${act.name}: ${asked - refused.length} recorded`, ...others].join(', '));
  }
  if (refused.length > 0) throw new Trouble('refused', `${refused.length} of ${count} were refused.`);
}
