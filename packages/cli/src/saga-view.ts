import { isEnded } from '@skald/kernel';
import { age, ago, dateTime, due } from './ages.js';
import { type Cell, columns } from './columns.js';
import { type Paint, painter } from './paint.js';
import { duration, errorText, json, plain, shortened } from './plain-text.js';
import { otherRemedies, type Remedy, remediesOf } from './remedies.js';
import type { SagaFacts, StepFacts } from './saga-facts.js';
import { lookOfSaga, lookOfStep } from './status-look.js';
import { stepTree } from './step-tree.js';
import { reasonText } from './wording.js';

export interface SagaViewOptions {
  readonly colours: boolean;
  readonly width: number | undefined;
  readonly now: number;
}

/** A saga for people: where it stands, its steps, what falls due, and where it is stuck what can be done. */
export function sagaView(facts: SagaFacts, { colours, width, now }: SagaViewOptions): string[] {
  const paint = painter(colours);
  const at = { paint, width, now };
  return [
    ...heading(facts, at),
    ...section('steps', stepLines(facts, at), paint),
    ...parkedLines(facts, at),
    ...section('due', dueLines(facts, at), paint),
    ...section('signals that nothing has taken yet', signalLines(facts, at), paint),
    ...section('what you can do', remedyLines(otherRemedies(facts), at, '  '), paint),
  ];
}

interface Look {
  readonly paint: Paint;
  readonly width: number | undefined;
  readonly now: number;
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', title), ...lines];
}

function heading(facts: SagaFacts, { paint, width = Number.POSITIVE_INFINITY, now }: Look): string[] {
  const { sagaId, saga, version, status, since, startedAt, at, revision, input, turnedBack, terminated, heldSince } = facts;
  const { mark, style } = lookOfSaga(status);
  const ended = isEnded(status);
  const state = `${mark} ${status}${ended ? `, ${ago(now - since)}` : ` for ${age(now - since)}`}`;
  const took = ended ? `, took ${duration(at - startedAt)}` : '';
  const count = `${revision + 1} event${revision === 0 ? '' : 's'}`;
  const about: Cell[][] = [
    [{ text: 'saga', style: 'dim' }, { text: `${plain(saga)}, version ${version}` }],
    [{ text: 'started', style: 'dim' }, { text: `${dateTime(startedAt)} UTC, ${ago(now - startedAt)}${took}; ${count}` }],
    [{ text: 'input', style: 'dim' }, { text: json(input) }],
  ];
  if (facts.output !== undefined) about.push([{ text: 'output', style: 'dim' }, { text: json(facts.output) }]);
  if (turnedBack)
    about.push([
      { text: 'turned back', style: 'dim' },
      { text: reasonText(turnedBack), style: 'yellow' },
    ]);
  if (terminated) about.push([{ text: 'terminated', style: 'dim' }, { text: plain(`by ${terminated.by}: ${terminated.reason}`) }]);
  if (heldSince !== undefined)
    about.push([
      { text: 'held', style: 'dim' },
      { text: `by an operator, ${ago(now - heldSince)}`, style: 'red' },
    ]);
  return [`${paint('bold', shortened(plain(sagaId), width))}  ${paint(style, state)}`, ...columns(about, { paint, width })];
}

function stepLines({ steps }: SagaFacts, { paint, width, now }: Look): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const rows = stepTree(steps).flatMap(({ id, branch }): Cell[][] => {
    const step = byId.get(id);
    if (!step) return [];
    const { mark, style } = lookOfStep(step);
    const { startedAt, endedAt } = step;
    const took = endedAt === undefined ? `for ${age(now - startedAt)}` : duration(endedAt - startedAt);
    return [
      [
        { text: `${branch}${mark} ${plain(id)}`, style },
        { text: stateText(step) },
        { text: step.status === 'skipped' ? '' : took, style: 'dim' },
        { text: outcomeText(step), style: step.error && step.result === undefined ? 'red' : undefined },
      ],
    ];
  });
  return columns(rows, { paint, width, indent: '  ' });
}

function stateText({ status, attempt, round, signal, compensation, parked }: StepFacts): string {
  const awaits = status === 'waiting' && signal !== undefined ? ` for signal ${plain(signal)}` : '';
  const again = `${attempt > 1 ? `, attempt ${attempt}` : ''}${round > 1 ? `, round ${round}` : ''}`;
  return `${status}${awaits}${again}${parked ? ', waits for you' : ''}${compensation ? `, ${undoText(compensation)}` : ''}`;
}

function undoText({ status, attempt, parked }: NonNullable<StepFacts['compensation']>): string {
  if (parked) return 'not undone, waits for you';
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  switch (status) {
    case 'done':
      return 'undone';
    case 'skipped':
      return 'left as it is';
    case 'backoff':
      return `undo is tried again${again}`;
    default:
      return `being undone${again}`;
  }
}

function outcomeText({ status, result, error, asks }: StepFacts): string {
  if (status === 'succeeded') return result === undefined ? '' : json(result);
  if (error) return errorText(error);
  return asks === undefined ? '' : plain(`asks ${asks}`);
}

function parkedLines(facts: SagaFacts, look: Look): string[] {
  const { paint, width = Number.POSITIVE_INFINITY, now } = look;
  return facts.parked.flatMap((parked, at) => {
    const { target, since, error } = parked;
    const what = `  ! ${plain(target)}, ${ago(now - since)}: ${errorText(error)}`;
    const lines = [paint('red', shortened(what, width)), ...remedyLines(remediesOf(facts, parked), look, '    ')];
    return at === 0 ? section('waits for you', lines, paint) : ['', ...lines];
  });
}

function remedyLines(remedies: readonly Remedy[], { paint, width }: Look, indent: string): string[] {
  const rows = remedies.map(({ command, does }): Cell[] => [
    { text: command, style: 'cyan' },
    { text: does, style: 'dim' },
  ]);
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map(({ length }) => length));
  const wide = indent.length + longest(remedies.map(({ command }) => command)) + 2 + longest(remedies.map(({ does }) => does));
  if (width === undefined || wide <= width) return columns(rows, { paint, width, indent });
  // Side by side they do not fit, and what cannot be read whole cannot be typed.
  return remedies.flatMap(({ command, does }) => [`${indent}${paint('dim', `${does}:`)}`, `${indent}  ${paint('cyan', command)}`]);
}

function dueLines({ due: timers, steps }: SagaFacts, { paint, width, now }: Look): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const rows = timers.map(({ what, at }): Cell[] => [
    { text: due(at - now) },
    { text: dateTime(at), style: 'dim' },
    { text: timerText(what, byId) },
  ]);
  return columns(rows, { paint, width, indent: '  ' });
}

function timerText(what: string, steps: ReadonlyMap<string, StepFacts>): string {
  if (what === 'deadline') return "the saga's deadline";
  const [kind = '', id = what] = what.split(/:(.*)/s);
  const step = steps.get(id);
  if (kind === 'compensation')
    return `${plain(id)}: its compensation ${step?.compensation?.status === 'backoff' ? 'is tried again' : 'times out'}`;
  if (kind !== 'step' || !step) return plain(what);
  if (step.status === 'waiting') return `${plain(id)}: ${step.kind === 'timer' ? 'has waited long enough' : 'waits no longer'}`;
  return `${plain(id)}: ${step.status === 'backoff' || step.status === 'seal-backoff' ? 'is tried again' : 'this attempt times out'}`;
}

function signalLines({ signals }: SagaFacts, { paint, width }: Look): string[] {
  const rows = signals.map(({ name, payload }): Cell[] => [{ text: plain(name) }, { text: payload === undefined ? '' : json(payload) }]);
  return columns(rows, { paint, width, indent: '  ' });
}
