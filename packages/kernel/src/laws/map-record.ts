import type { DataOf, SagaEvent, Target } from '../history/events.js';
import type { Chronicle } from './chronicle.js';
import { isInFlight, type StepRecord } from './step-record.js';

/** What a history says of a step that asks for many items. */
export interface MapRecord {
  readonly step: StepRecord;
  readonly count: number;
  readonly concurrency: number;
  readonly tolerated: number;
  readonly items: StepRecord[];
  /** Items that something is under way of, forward or back. */
  readonly busy: Set<StepRecord>;
  /** Items that have failed and were let go. */
  caught: number;
}

export function beginMap(maps: Map<string, MapRecord>, step: StepRecord, { count, concurrency, tolerated }: DataOf<'MapStarted'>): void {
  Object.assign(step, { waits: 'items', notBefore: Number.POSITIVE_INFINITY });
  maps.set(step.id, { step, count, concurrency, tolerated, items: [], busy: new Set(), caught: 0 });
}

/** The id of the map that a step is an item of, if it is. */
export function mapIdOf(step: string): string | undefined {
  const end = step.indexOf('/');
  return end < 0 ? undefined : step.slice(0, end);
}

/** Items that wait to be tried again. */
export function triedAgain(map: MapRecord | undefined): readonly StepRecord[] {
  return map?.items.filter(({ outcome, seal }) => outcome === 'waiting' && seal !== 'failed') ?? [];
}

/** An event may have changed what is under way of an item, or of all of them. */
export function noteItems({ maps, steps }: Pick<Chronicle, 'maps' | 'steps'>, { type, data }: SagaEvent): void {
  if (type === 'CompensationStarted') for (const map of maps.values()) for (const item of map.items) note(map, item);
  const { step, target } = data as { readonly step?: string; readonly target?: Target };
  const id = step ?? target?.slice(target.indexOf(':') + 1) ?? '';
  if (type === 'MapFailed') for (const item of maps.get(id)?.items ?? []) note(maps.get(id), item);
  const map = maps.get(mapIdOf(id) ?? '');
  const item = steps.get(id);
  if (!map || !item) return;
  if (type === 'StepFailureCaught') map.caught += 1;
  note(map, item);
}

function note(map: MapRecord | undefined, item: StepRecord): void {
  if (isInFlight(item) || item.undo.state === 'asked') map?.busy.add(item);
  else map?.busy.delete(item);
}
