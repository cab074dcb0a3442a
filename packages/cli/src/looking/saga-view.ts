import { isEnded, itemId, mapIdOf } from '@skald/kernel';
import { age, ago, dateTime, due } from '../terminal/ages.js';
import { type Cell, columns } from '../terminal/columns.js';
import { type Paint, painter } from '../terminal/paint.js';
import { duration, errorText, json, plain, shortened } from '../terminal/plain-text.js';
import { FEW, type ItemsFacts, isSmooth, itemsText } from './map-wording.js';
import { otherRemedies, type Remedy, remediesOf } from './remedies.js';
import type { SagaFacts, StepFacts } from './saga-facts.js';
import { lookOfSaga, lookOfStep } from './status-look.js';
import { stepTree } from './step-tree.js';
import { reasonText } from './wording.js';

export interface SagaViewOptions {
  readonly colours: boolean;
  readonly width: number | undefined;
  readonly now: number;
  /** Each item of a map, however many there are. Default: of many only those that something is to be said about. */
  readonly allItems?: boolean | undefined;
}

/** A saga for people: where it stands, its steps, what falls due, and where it is stuck what can be done. */
export function sagaView(facts: SagaFacts, { colours, width, now, allItems = false }: SagaViewOptions): string[] {
  const paint = painter(colours);
  const at = { paint, width, now };
  return [
    ...heading(facts, at),
    ...section('steps', stepLines(facts, at, allItems), paint),
    ...parkedLines(facts, at, allItems),
    ...section('due', dueLines(facts, at, allItems), paint),
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
  const { sagaId, saga, version, status, since, startedAt, at, revision, input, parent, turnedBack, terminated, heldSince } = facts;
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
  if (parent) {
    const loose = parent.detached ? ', detached' : '';
    about.push([{ text: 'started by', style: 'dim' }, { text: plain(`step ${parent.step} of ${parent.sagaId}${loose}`) }]);
  }
  if (facts.output !== undefined) about.push([{ text: 'output', style: 'dim' }, { text: json(facts.output) }]);
  if (turnedBack)
    about.push([
      { text: 'turned back', style: 'dim' },
      { text: reasonText(turnedBack), style: 'yellow' },
    ]);
  if (terminated) about.push([{ text: 'terminated', style: 'dim' }, { text: plain(`by ${terminated.by}: ${terminated.reason}`) }]);
  for (const { id } of facts.steps.filter(({ stands }) => stands))
    about.push([
      { text: 'look after', style: 'dim' },
      { text: plain(`${id} has happened after all, and nothing undoes it`), style: 'red' },
    ]);
  if (heldSince !== undefined)
    about.push([
      { text: 'held', style: 'dim' },
      { text: `by an operator, ${ago(now - heldSince)}`, style: 'red' },
    ]);
  return [`${paint('bold', shortened(plain(sagaId), width))}  ${paint(style, state)}`, ...columns(about, { paint, width })];
}

function stepLines({ steps }: SagaFacts, look: Look, allItems: boolean): string[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const rows = stepTree(steps.filter(({ id }) => mapIdOf(id) === undefined)).flatMap(({ id, branch, below }): Cell[][] => {
    const step = byId.get(id);
    if (!step) return [];
    return [stepRow(step, branch, look), ...(step.items ? itemRows(step, step.items, byId, `${below}· `, look, allItems) : [])];
  });
  return columns(rows, { paint: look.paint, width: look.width, indent: '  ' });
}

function stepRow(step: StepFacts, branch: string, { now }: Look): Cell[] {
  const { mark, style } = lookOfStep(step);
  const { startedAt, endedAt } = step;
  const took = endedAt === undefined ? `for ${age(now - startedAt)}` : duration(endedAt - startedAt);
  return [
    { text: `${branch}${mark} ${plain(step.id)}`, style },
    { text: stateText(step) },
    { text: step.status === 'skipped' ? '' : took, style: 'dim' },
    { text: outcomeText(step), style: step.error && step.result === undefined ? 'red' : undefined },
  ];
}

/** Of a few items all; of many those that something is to be said about, and of those the first. */
function itemRows(
  map: StepFacts,
  { count }: ItemsFacts,
  byId: ReadonlyMap<string, StepFacts>,
  branch: string,
  look: Look,
  all: boolean,
): Cell[][] {
  const items = Array.from({ length: count }, (_, index) => byId.get(itemId(map.id, index))).filter((item) => item !== undefined);
  const told = all || count <= FEW ? items : items.filter(isToBeTold);
  const shown = all ? told : told.slice(0, FEW);
  const more = told.length - shown.length;
  const rest = more > 0 ? [[{ text: `${branch}… and ${more} more (--items)`, style: 'dim' } as const]] : [];
  return [...shown.map((item) => stepRow(item, branch, look)), ...rest];
}

function isToBeTold({ status, attempt, round, compensation, parked }: StepFacts): boolean {
  const waits = parked === true || compensation?.parked === true;
  return !isSmooth({ status, attempt, round, undo: compensation?.status, parked: waits });
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

function outcomeText({ status, result, error, asks, items, child }: StepFacts): string {
  if (items && !error) return itemsText(items);
  if (status === 'succeeded')
    return [...(child === undefined ? [] : [plain(child)]), ...(result === undefined ? [] : [json(result)])].join(': ');
  if (error) return errorText(error);
  if (child !== undefined) return plain(`starts ${child}`);
  return asks === undefined ? '' : plain(`asks ${asks}`);
}

function parkedLines(facts: SagaFacts, look: Look, allItems: boolean): string[] {
  const { paint, width = Number.POSITIVE_INFINITY, now } = look;
  const shown = allItems ? facts.parked : facts.parked.slice(0, MOST);
  const more = moreLine(facts.parked.length - shown.length);
  const lines = shown.flatMap((parked, at) => {
    const { target, since, error } = parked;
    const what = `  ! ${plain(target)}, ${ago(now - since)}: ${errorText(error)}`;
    const lines = [paint('red', shortened(what, width)), ...remedyLines(remediesOf(facts, parked), look, '    ')];
    return at === 0 ? section('waits for you', lines, paint) : ['', ...lines];
  });
  return [...lines, ...more];
}

/** Parked items, and times that something falls due: a map has thousands. */
const MOST = 10;

function moreLine(more: number): string[] {
  return more > 0 ? [`  … and ${more} more (--items)`] : [];
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

function dueLines({ due: timers, steps }: SagaFacts, { paint, width, now }: Look, allItems: boolean): string[] {
  const shown = allItems ? timers : timers.slice(0, MOST);
  const byId = new Map(steps.map((step) => [step.id, step]));
  const rows = shown.map(({ what, at }): Cell[] => [
    { text: due(at - now) },
    { text: dateTime(at), style: 'dim' },
    { text: timerText(what, byId) },
  ]);
  return [...columns(rows, { paint, width, indent: '  ' }), ...moreLine(timers.length - shown.length)];
}

function timerText(what: string, steps: ReadonlyMap<string, StepFacts>): string {
  if (what === 'deadline') return "the saga's deadline";
  const [kind = '', id = what] = what.split(/:(.*)/s);
  const step = steps.get(id);
  if (kind === 'compensation') {
    const again = step?.child === undefined ? 'times out' : 'is asked for again';
    return `${plain(id)}: its compensation ${step?.compensation?.status === 'backoff' ? 'is tried again' : again}`;
  }
  if (kind !== 'step' || !step) return plain(what);
  if (step.child !== undefined && !PAUSES.includes(step.status))
    return `${plain(id)}: its saga is asked again, where nothing was heard of it`;
  if (step.status === 'deferred') return `${plain(id)}: its task token is waited for no longer`;
  if (step.status === 'waiting') return `${plain(id)}: ${step.kind === 'timer' ? 'has waited long enough' : 'waits no longer'}`;
  return `${plain(id)}: ${PAUSES.includes(step.status) ? 'is tried again' : 'this attempt times out'}`;
}

/** Between two attempts. */
const PAUSES: readonly string[] = ['backoff', 'seal-backoff'];

function signalLines({ signals }: SagaFacts, { paint, width }: Look): string[] {
  const rows = signals.map(({ name, payload }): Cell[] => [{ text: plain(name) }, { text: payload === undefined ? '' : json(payload) }]);
  return columns(rows, { paint, width, indent: '  ' });
}
