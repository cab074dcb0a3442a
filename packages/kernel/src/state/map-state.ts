/**
 * A step that asks for many items, each of which is a step of its own with the id `<step>/<index>`. What has to be known of all of them is
 * counted here as they change, so that no decision looks at all.
 */
import { isInFlight, type SagaState, type StepState, stepOf } from './state.js';

export interface MapState {
  readonly step: string;
  readonly count: number;
  /** Items at work at once. */
  readonly concurrency: number;
  /** Items that may fail. */
  readonly tolerated: number;
  readonly startedAt: number;
  /** Of its items; absent where nobody has said. */
  readonly fingerprint: string | undefined;
  /** Items that have been asked for; they are in order. */
  opened: number;
  /** Items that take up room: in flight, being undone, waiting for a person, or failed with nothing made of it yet. */
  atWork: number;
  /** Items that are settled: with a result, skipped, or failed and tolerated. */
  settled: number;
  /** Items that failed and are tolerated. */
  lost: number;
  /** The first of them. */
  firstLost: string | undefined;
  /** Items whose attempts are over without success, and of which something is still to be made. */
  readonly over: Set<string>;
  /** Items to be undone when there is room. The last is the next; of the others some may be so no longer, or stand there twice. */
  readonly line: string[];
}

/** Stands between a map and the index of its item; no other step has one in its id. */
const SEPARATOR = '/';

export function itemId(map: string, index: number): string {
  return `${map}${SEPARATOR}${index}`;
}

export function indexOfItem(id: string): number {
  return Number(id.slice(id.indexOf(SEPARATOR) + 1));
}

/** The id of the map that a step is an item of. */
export function mapIdOf(id: string): string | undefined {
  const end = id.indexOf(SEPARATOR);
  return end < 0 ? undefined : id.slice(0, end);
}

/** The map that a step is an item of. */
export function mapOf({ maps }: SagaState, id: string): MapState | undefined {
  return maps.size === 0 ? undefined : maps.get(mapIdOf(id) ?? '');
}

/** Its items that have been asked for. */
export function* itemsOf(state: SagaState, map: MapState): Generator<StepState> {
  for (let index = 0; index < map.opened; index++) yield stepOf(state, itemId(map.step, index));
}

/** How an item counts. */
const AT_WORK = 1;
const SETTLED = 2;
const LOST = 4;
const OVER = 8;

export function countsAs(state: SagaState, map: MapState, item: StepState | undefined): number {
  if (!item) return 0;
  const { status, undo } = item;
  const settled = status === 'succeeded' || status === 'skipped' || status === 'caught' ? SETTLED : 0;
  const lost = status === 'caught' ? LOST : 0;
  const over = (status === 'failed' || status === 'unknown') && isAwaited(state, map, item) ? OVER : 0;
  const undoing = undo?.status === 'requested' || undo?.status === 'backoff' || state.parked.has(`compensation:${item.id}`);
  const atWork = over || undoing || isInFlight(item) ? AT_WORK : 0;
  return settled | lost | over | atWork;
}

/** Is something still to be made of an item that has failed? Where the map has failed too, its outcome is to be known. */
function isAwaited(state: SagaState, map: MapState, item: StepState): boolean {
  if (state.phase !== 'running') return false;
  const status = state.steps.get(map.step)?.status;
  return status === 'waiting' || (status === 'failed' && !item.sealed);
}

export function recount(state: SagaState, map: MapState, item: StepState, before: number): void {
  const now = countsAs(state, map, item);
  if (now === before) return;
  map.atWork += (now & AT_WORK) - (before & AT_WORK);
  map.settled += ((now & SETTLED) - (before & SETTLED)) / SETTLED;
  map.lost += ((now & LOST) - (before & LOST)) / LOST;
  if (now & LOST) map.firstLost ??= item.id;
  if (now & OVER) map.over.add(item.id);
  else map.over.delete(item.id);
}

/** All items anew: something has happened that concerns them all. */
export function recountAll(state: SagaState, map: MapState): void {
  Object.assign(map, { atWork: 0, settled: 0, lost: 0 });
  map.over.clear();
  for (const item of itemsOf(state, map)) recount(state, map, item, 0);
}

/** Nothing of its items is under way, nor about to be. */
export function isAtRest(map: MapState): boolean {
  return map.atWork === 0 && map.line.length === 0;
}

/** A map that is out of the way no longer holds up its items. */
export function freeItems(state: SagaState, map: MapState): readonly StepState[] {
  const items = [...itemsOf(state, map)];
  for (const item of items) item.blockers -= 1;
  return items.reverse();
}
