import { readHistory, stateOf } from '@skald/engine';
import { type CancelPlan, mapIdOf, type PlannedRest, type PlannedUndo, plan as planOf, type SagaState, statusOf } from '@skald/kernel';
import { itemsTogether } from '../looking/map-wording.js';
import { type Cell, columns } from '../terminal/columns.js';
import { type Paint, painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { quoted } from '../terminal/shell-words.js';
import type { Verb } from './verb.js';

const ABOUT = `Says what would be undone if the saga were cancelled now, and in which order; of one that has turned back, what is still to be undone.
Nothing is asked of anybody. With --definitions compensations have their names.`;

export const plan: Verb = (program, cli) => {
  program
    .command('plan <saga-id>')
    .summary('what a cancel would undo, and in which order')
    .description(ABOUT)
    .action(async (sagaId: string, _options, command) => {
      const state = stateOf(await cli.reading(command, ({ events }) => readHistory(events, sagaId)));
      const definitions = (await cli.definitions(command)) ?? [];
      const definition = definitions.find(({ name, version }) => name === state.saga && version === state.version);
      const found = planOf(state, definition);
      if (cli.isJson(command)) return cli.json({ sagaId, status: statusOf(state), ...found });
      for (const line of planLines(state, found, painter(cli.terminal.colours), cli.terminal.width)) cli.terminal.out(line);
    });
};

const BECAUSE: Readonly<Record<PlannedUndo['because'], string>> = {
  succeeded: 'it succeeded',
  unknown: 'it may have happened',
  'in-flight': 'its answer is awaited, and decides',
  begun: 'it was begun, and is not waited for',
};

const WHY: Readonly<Record<PlannedRest['why'], string>> = {
  failed: 'it failed',
  skipped: 'it was skipped',
  'nothing-to-undo': 'there is nothing to undo',
  undone: 'it is undone',
  left: 'an operator left it',
};

export function planLines(state: SagaState, plan: CancelPlan, paint: Paint, width: number | undefined): string[] {
  const { cancel, levels, awaited, stopped, rest } = plan;
  const table = (rows: readonly (readonly Cell[])[]) => columns(rows, { paint, width, indent: '  ' });
  const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : ['', paint('bold', title), ...lines]);
  const undone = levels.flatMap((level, at) =>
    itemsTogether(level, (one) => `${howText(one)} ${whyText(one)}`).map((one, nth): Cell[] => [
      { text: nth === 0 ? `${at + 1}` : ' ', style: 'dim' },
      { text: `↩ ${plain(one.step)}`, style: 'yellow' },
      { text: howText(one) },
      { text: whyText(one), style: 'dim' },
    ]),
  );
  const together = (steps: readonly string[]) =>
    itemsTogether(
      steps.map((step) => ({ step })),
      () => '',
    );
  const names = (steps: readonly string[]) => together(steps).map(({ step }) => `  ${plain(step)}`);
  const left = itemsTogether(rest, ({ why }) => why);
  return [
    `${paint('bold', plain(state.sagaId))}  ${verdict(state, cancel)}`,
    ...section(cancel.accepted ? 'would be undone, in this order' : 'is undone, in this order', table(undone)),
    ...section('is awaited first', names(awaited)),
    ...section('waits no longer', names(stopped)),
    ...section('stays as it is', table(left.map(({ step, why }): Cell[] => [{ text: plain(step) }, { text: WHY[why], style: 'dim' }]))),
  ];
}

function whyText({ because, sealedFirst }: PlannedUndo): string {
  return `${BECAUSE[because]}${sealedFirst ? '; its outcome is found out first' : ''}`;
}

function howText({ step, how, because }: PlannedUndo): string {
  if (how.by === 'child') {
    // Items are told together, and each has a child of its own.
    const child = mapIdOf(step) === undefined ? plain(how.sagaId) : 'each';
    if (how.detached) return `${child} never begins, unless it has`;
    return `${child} ${because === 'succeeded' ? 'is undone' : because === 'begun' ? 'is cancelled' : 'is undone, or never begins'}`;
  }
  if (how.by === 'participant') return `by ${plain(how.participant)}, which undoes ${plain(how.action)}`;
  return how.compensation === undefined ? "by the saga's own compensation" : `by ${plain(how.compensation)}`;
}

function verdict({ sagaId }: SagaState, cancel: CancelPlan['cancel']): string {
  if (cancel.accepted) {
    const command = `skald cancel ${quoted(sagaId)}`;
    if (cancel.pending.length === 0) return `can be cancelled: ${command}`;
    return `can be cancelled (${command}), unless ${cancel.pending.map(plain).join(', ')} succeeds, which is awaited`;
  }
  switch (cancel.code) {
    case 'past-pivot':
      return `cannot be cancelled: its pivot ${cancel.pivots.map(plain).join(', ')} has succeeded, and from there is only forward`;
    case 'already-compensating':
      return 'has turned back already';
    case 'saga-ended':
      return 'has ended';
    default:
      return `cannot be cancelled [${cancel.code}]`;
  }
}
