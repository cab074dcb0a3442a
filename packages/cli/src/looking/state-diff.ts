import { type SagaState, statusOf } from '@skald/kernel';
import { type Cell, columns } from '../terminal/columns.js';
import { type Paint, painter, type Style } from '../terminal/paint.js';
import { errorText, json, moment, plain } from '../terminal/plain-text.js';
import { stepText } from './state-view.js';
import { reasonText } from './wording.js';

/** How a saga's state differs between two of its revisions. */
export interface StateDifference {
  readonly what: string;
  readonly before?: string;
  readonly after?: string;
}

export function stateDifferences(before: SagaState, after: SagaState): StateDifference[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((what) => {
    const [one, other] = [was.get(what), is.get(what)];
    return one === other ? [] : [{ what, ...(one !== undefined && { before: one }), ...(other !== undefined && { after: other }) }];
  });
}

export function stateDiffLines(differences: readonly StateDifference[], colours: boolean): string[] {
  const paint = painter(colours);
  return differences.flatMap(({ what, before, after }) => [
    ...(before === undefined ? [] : [line(paint, 'red', '-', what, before)]),
    ...(after === undefined ? [] : [line(paint, 'green', '+', what, after)]),
  ]);
}

function line(paint: Paint, style: Style, mark: string, what: string, value: string): string {
  const cells: Cell[] = [
    { text: `${mark} ${what}`, style },
    { text: value, style },
  ];
  return columns([cells], { paint }).join('');
}

/** Everything that a state says, by what it is about. */
function factsOf(state: SagaState): ReadonlyMap<string, string> {
  const { compensation, timers, owed, parked, signals, end, heldSince, steps } = state;
  return new Map([
    ['status', statusOf(state)],
    ...(compensation ? ([['turned back', reasonText(compensation)]] as const) : []),
    ...(heldSince === undefined ? [] : ([['held since', moment(heldSince)]] as const)),
    ...[...steps.values()].map((step): [string, string] => [`step ${plain(step.id)}`, stepText(step).slice(plain(step.id).length + 2)]),
    ...[...owed.keys()].map((target): [string, string] => [`owed ${plain(target)}`, 'a command']),
    ...[...timers].map(([timer, at]): [string, string] => [`due ${plain(timer)}`, moment(at)]),
    ...[...parked].map(([target, { error }]): [string, string] => [`waits for a person: ${plain(target)}`, errorText(error)]),
    ...[...signals]
      .filter(([, kept]) => kept.length > 0)
      .map(([name, kept]): [string, string] => [`signal ${plain(name)}`, kept.map(({ payload }) => json(payload)).join(', ')]),
    ...(end?.type === 'SagaCompleted' ? ([['output', json(end.data.output)]] as const) : []),
  ]);
}
