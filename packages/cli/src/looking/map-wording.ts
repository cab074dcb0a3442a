import { itemsOf, type MapState, mapIdOf, mapOf, type SagaEvent, type SagaState, type StepState, type UndoState } from '@skald/kernel';
import { errorText, plain } from '../terminal/plain-text.js';

export type MapEvent = Extract<SagaEvent, { readonly type: 'MapStarted' | 'MapCompleted' | 'MapFailed' }>;

export function mapping(event: MapEvent): { readonly mark: string; readonly tone: 'plain' | 'good' | 'bad'; readonly text: string } {
  const step = plain(event.data.step);
  switch (event.type) {
    case 'MapStarted': {
      const { count, concurrency, tolerated } = event.data;
      const atOnce = count > concurrency ? `, ${concurrency} at once` : '';
      const mayFail = tolerated > 0 ? `; ${tolerated} may fail` : '';
      return { mark: '●', tone: 'plain', text: `${step} has ${items(count)}${atOnce}${mayFail}` };
    }
    case 'MapCompleted':
      return { mark: '✔', tone: 'good', text: `${step} is through with all items` };
    case 'MapFailed':
      return { mark: '✘', tone: 'bad', text: `${step} failed: ${errorText(event.data.error)}` };
  }
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${count === 0 ? 'no' : count} items`;
}

/** How many of a map's items there are, and where they stand. */
export interface ItemsFacts {
  readonly count: number;
  /** With a result, skipped, or failed and let go. */
  readonly through: number;
  /** Failed and let go. */
  readonly lost: number;
  readonly atWork: number;
  readonly undone: number;
}

export function itemsFacts(state: SagaState, map: MapState): ItemsFacts {
  const { count, settled, lost, atWork } = map;
  let undone = 0;
  for (const { undo } of itemsOf(state, map)) if (undo?.status === 'done') undone += 1;
  return { count, through: settled, lost, atWork, undone };
}

/** Where a map stands. */
export function itemsText({ count, through, lost, atWork, undone }: ItemsFacts): string {
  const others = [
    ...(lost > 0 ? [`${lost} of them failed and let go`] : []),
    ...(atWork > 0 ? [`${atWork} at work`] : []),
    ...(undone > 0 ? [`${undone} undone`] : []),
  ];
  return [`${through} of ${items(count)} through`, ...others].join(', ');
}

/** More items than this are told one by one only where something is to be said about them. */
export const FEW = 20;

interface Course {
  readonly status: StepState['status'];
  readonly attempt: number;
  readonly round: number;
  readonly undo: UndoState['status'] | undefined;
  /** It, or its compensation. */
  readonly parked: boolean;
}

/** It went, or goes, as it should, and nothing is to be said about it. */
export function isSmooth({ status, attempt, round, undo, parked }: Course): boolean {
  const fine = status === 'succeeded' || status === 'requested';
  return fine && attempt === 1 && round === 1 && !parked && undo !== 'backoff' && undo !== 'skipped';
}

export function isShown(state: SagaState, { id, status, undo, attempt, round }: StepState): boolean {
  const map = mapOf(state, id);
  if (!map || map.count <= FEW) return true;
  const parked = state.parked.has(`compensation:${id}`) || state.parked.has(`step:${id}`);
  return !isSmooth({ status, attempt, round, undo: undo?.status, parked });
}

/** So many items of a map that are told with the same words get a line each. */
const SINGLE = 3;

/** The same lines, in which items of a map that are told with the same words (`words`) share one: `ship, 293 items`. */
export function itemsTogether<Line extends { readonly step: string }>(lines: readonly Line[], words: (line: Line) => string): Line[] {
  const groups = new Map<string, Line[]>();
  const named = lines.map((line) => {
    const map = mapIdOf(line.step);
    const name = map === undefined ? line.step : `${map}/ ${words(line)}`;
    const group = groups.get(name);
    if (group) group.push(line);
    else groups.set(name, [line]);
    return name;
  });
  return lines.flatMap((line, at) => {
    const group = groups.get(named[at] ?? '') ?? [];
    if (group.length <= SINGLE) return [line];
    return group[0] === line ? [{ ...line, step: `${mapIdOf(line.step)}, ${items(group.length)}` }] : [];
  });
}
