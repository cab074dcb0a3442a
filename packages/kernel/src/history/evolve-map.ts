/** Steps that ask for many items. */

import { countsAs, itemsOf, type MapState, mapOf, recount, recountAll } from '../state/map-state.js';
import { newStep } from '../state/new-step.js';
import { needsUndo, type SagaState, type StepState, stepOf } from '../state/state.js';
import type { DataOf, SagaEvent, Target } from './events.js';
import { isToBeUndone, undoOutOfTurn } from './evolve-undo.js';

export function evolveMap(
  state: SagaState,
  event: Extract<SagaEvent, { readonly type: 'MapStarted' | 'MapCompleted' | 'MapFailed' }>,
): void {
  switch (event.type) {
    case 'MapStarted':
      return mapStarted(state, event.data, event.at);
    case 'MapCompleted':
      return mapCompleted(state, event.data);
    case 'MapFailed':
      return mapFailed(state, event.data);
  }
}

function mapStarted(state: SagaState, data: DataOf<'MapStarted'>, at: number): void {
  const { step, after, count, concurrency, tolerated, fingerprint } = data;
  state.steps.set(step, newStep(step, 'map', after, 'waiting'));
  const counters = { opened: 0, atWork: 0, settled: 0, lost: 0, firstLost: undefined, over: new Set<string>(), line: [] };
  state.maps.set(step, { step, count, concurrency, tolerated, startedAt: at, fingerprint, ...counters });
}

/** Results stand in the order of the items, whenever each of them came. */
function mapCompleted(state: SagaState, { step: id }: DataOf<'MapCompleted'>): void {
  const step = stepOf(state, id);
  const items = [...itemsOf(state, mapStateOf(state, id))];
  step.status = 'succeeded';
  step.result = Object.freeze(items.map((item) => (item.status === 'succeeded' ? item.result : undefined)));
  state.results[id] = step.result;
}

function mapFailed(state: SagaState, { step: id, error }: DataOf<'MapFailed'>): void {
  const step = stepOf(state, id);
  const map = mapStateOf(state, id);
  step.status = 'failed';
  step.error = error;
  for (const patched of state.patches.keys()) if (mapOf(state, patched) === map) state.patches.delete(patched);
  for (const timer of [...state.timers.keys()]) {
    const item = state.steps.get(timer.slice('step:'.length));
    if (item?.status === 'backoff' && mapOf(state, item.id) === map) stop(state, item);
  }
  recountAll(state, map);
}

/** It is not tried again. */
function stop(state: SagaState, item: StepState): void {
  item.status = item.doubt ? 'unknown' : 'failed';
  state.timers.delete(`step:${item.id}`);
}

/** The saga goes on without the map, so that nothing of it may stand. */
export function undoItems(state: SagaState, map: MapState): void {
  for (const item of itemsOf(state, map)) {
    if (item.status !== 'succeeded' && item.status !== 'failed' && item.status !== 'unknown') continue;
    item.stranded = item.status === 'succeeded';
    item.status = 'caught';
    if (needsUndo(item)) undoOutOfTurn(state, item);
  }
  recountAll(state, map);
}

/** A person wants a map that has failed to go on: what becomes of each of its failed items is then decided for itself. */
export function retryMap(state: SagaState, step: StepState): void {
  step.status = 'waiting';
  recountAll(state, mapStateOf(state, step.id));
}

function mapStateOf(state: SagaState, id: string): MapState {
  const map = state.maps.get(id);
  if (!map) throw new Error(`history names map ${id}, which was never started`);
  return map;
}

/** An item that an event tells of, and how it counted before. */
export interface Touched {
  readonly id: string;
  readonly map: MapState;
  readonly before: number;
  readonly isNew: boolean;
}

export function touchedBy(state: SagaState, { data }: SagaEvent): Touched | undefined {
  if (state.maps.size === 0) return undefined;
  const { step, target } = data as { readonly step?: string; readonly target?: Target };
  const id = step ?? target?.slice(target.indexOf(':') + 1);
  const map = id === undefined ? undefined : mapOf(state, id);
  if (id === undefined || !map) return undefined;
  const item = state.steps.get(id);
  return { id, map, before: countsAs(state, map, item), isNew: item === undefined };
}

/** Once the event has been evolved. */
export function countAgain(state: SagaState, { id, map, before, isNew }: Touched): void {
  if (isNew) map.opened += 1;
  recount(state, map, stepOf(state, id), before);
  for (let next = map.line.at(-1); next !== undefined && !isToBeUndone(state, stepOf(state, next)); next = map.line.at(-1)) map.line.pop();
}
