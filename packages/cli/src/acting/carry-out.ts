import { readHistory, stateOf } from '@skald/engine';
import { type SagaState, type SagaStatus, statusOf, type Target } from '@skald/kernel';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { lookOfSaga } from '../looking/status-look.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { UsageError } from '../usage.js';
import { type Act, parkedTarget, type SeenTarget } from './act.js';
import { actOnMany } from './act-on-many.js';
import { actingOf, addMany, type ManyOptions, reasonOf, requestOf } from './acting-options.js';
import type { CallOutcome } from './operations.js';

/** Adds what every such verb says on its command line. */
export function actCommand(program: Command, act: Pick<Act, 'name' | 'onTarget'>, summary: string, description: string): Command {
  const command = program.command(act.name).argument('[saga-id]', 'one saga; without it those that the options choose');
  if (act.onTarget) {
    command.argument('[target]', 'what is parked: step:ship, compensation:charge, program; may be left out where there is only one');
  }
  return addMany(command.summary(summary).description(description));
}

export async function carryOut(
  cli: Cli,
  command: Command,
  act: Act,
  { sagaId, target, options }: { readonly sagaId: string | undefined; readonly target?: string | undefined; readonly options: ManyOptions },
): Promise<void> {
  if (sagaId === undefined) return actOnMany(cli, command, act, options);
  if (options.dryRun) throw new UsageError('--dry-run is for many sagas; of one, skald show says what can be done');
  const seen = act.onTarget ? await targetNamed(cli, command, act, sagaId, target) : undefined;
  const values = { sagaId, ...seen, by: await cli.actorOf(command, options.by), reason: await reasonOf(cli, options), ...act.values };
  const request = requestOf(options);
  const outcome = await cli.acting(command, actingOf(options), (operations) => operations.call(act.name, values, request));
  await report(cli, command, { sagaId, operation: act.name, ...seen, request }, outcome);
}

export interface Done {
  readonly sagaId: string;
  readonly operation: string;
  readonly request: string;
  readonly target?: Target;
}

/** What was done, and where the saga stands now. */
export async function report(cli: Cli, command: Command, done: Done, outcome: CallOutcome): Promise<void> {
  const { sagaId, operation, target, request } = done;
  const what = `${operation}${target === undefined ? '' : ` ${plain(target)}`}`;
  if (outcome.type === 'left') {
    if (cli.isJson(command)) return cli.json({ ...done, outcome: 'left' });
    return cli.terminal.out(`${plain(sagaId)}: ${what} is left for the next start of the application (request ${request})`);
  }
  const pending = isPending(outcome.result);
  const status = await statusNow(cli, command, sagaId);
  if (cli.isJson(command)) return cli.json({ ...done, outcome: pending ? 'pending' : 'done', ...(status && { status }) });
  const paint = painter(cli.terminal.colours);
  const { mark, style } = status ? lookOfSaga(status) : { mark: '', style: undefined };
  const now = status ? `; it is ${paint(style, `${mark} ${status}`)} now` : '';
  const later = pending ? ' once it is known whether its pivot has succeeded' : '';
  cli.terminal.out(`${paint('bold', plain(sagaId))}: ${what} is recorded${later}${now}`);
}

function isPending(result: unknown): boolean {
  return typeof result === 'object' && result !== null && 'pending' in result && result.pending === true;
}

async function statusNow(cli: Cli, command: Command, sagaId: string): Promise<SagaStatus | undefined> {
  const state = await stateIfShown(cli, command, sagaId);
  return state && statusOf(state);
}

/** Undefined where there is a bus and no store. */
async function stateIfShown(cli: Cli, command: Command, sagaId: string): Promise<SagaState | undefined> {
  const place = await cli.placeOf(command);
  if (place.kind === 'connected' && !place.store) return undefined;
  return stateOf(await cli.reading(command, ({ events }) => readHistory(events, sagaId)));
}

async function targetNamed(cli: Cli, command: Command, act: Act, sagaId: string, named: string | undefined): Promise<SeenTarget> {
  const state = await stateIfShown(cli, command, sagaId);
  if (state) return parkedTarget(state, act.name, named);
  if (named !== undefined && isWhole(named)) return { target: named };
  throw new UsageError('without a store to look into, the target must be named in full: step:ship, compensation:charge, program');
}

function isWhole(named: string): named is Target {
  return named === 'program' || named.startsWith('step:') || named.startsWith('compensation:');
}
