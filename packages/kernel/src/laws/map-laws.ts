import type { SagaEvent } from '../history/events.js';
import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { type MapRecord, mapIdOf } from './map-record.js';
import { isInFlight, type StepRecord } from './step-record.js';

function mapAt(before: Chronicle, step: string): MapRecord | undefined {
  return before.maps.get(mapIdOf(step) ?? '');
}

const itemsInOrder: Rules = {
  StepRequested({ data: { step, opens } }, before) {
    if (!opens || mapIdOf(step) === undefined) return undefined;
    const map = mapAt(before, step);
    if (!map) return `item ${step} opens, and its map has not begun`;
    if (step !== `${map.step.id}/${map.items.length}`) return `item ${step} opens where ${map.step.id}/${map.items.length} was to come`;
    return map.items.length < map.count ? undefined : `item ${step} opens, and its map has ${map.count} items`;
  },
};

const noItemAfterTheMap: Rules = forEach(['StepRequested', 'StepRetryScheduled'], ({ type, data: { step } }, before) => {
  const outcome = mapAt(before, step)?.step.outcome;
  return outcome === undefined || outcome === 'awaited' ? undefined : `${type} of item ${step}, whose map is ${outcome}`;
});

/** Where nothing of the item is under way it takes a place that must be free. */
const itemsInTurn: Rules = forEach(
  ['StepRequested', 'StepSealRequested', 'CompensationRequested'],
  ({ type, data: { step } }: Extract<SagaEvent, { readonly data: { readonly step: string } }>, before) => {
    const map = mapAt(before, step);
    const item = before.steps.get(step);
    if (!map || (item && map.busy.has(item)) || map.busy.size < map.concurrency) return undefined;
    return `${type} of item ${step} while ${map.busy.size} others are at work, and ${map.concurrency} may`;
  },
);

/** Also one of which an operator wants the outcome asked for again. */
function hasFailed({ outcome, seal }: StepRecord): boolean {
  return outcome === 'failed' || outcome === 'unknown' || outcome === 'caught' || (outcome === 'waiting' && seal === 'failed');
}

const mapsEndForCause: Rules = {
  MapStarted: ({ data: { step } }, { steps }) => (steps.has(step) ? `map ${step} begins a second time` : undefined),
  MapCompleted({ data: { step: id } }, { maps }) {
    const map = maps.get(id);
    if (map?.step.outcome !== 'awaited') return `map ${id} is completed, which is ${map?.step.outcome ?? 'not there'}`;
    if (map.items.length !== map.count) return `map ${id} is completed with ${map.items.length} of ${map.count} items`;
    const open = map.items.find((item) => isInFlight(item) || item.outcome === 'failed' || item.outcome === 'unknown');
    return open && `map ${id} is completed while item ${open.id} is ${open.outcome}`;
  },
  MapFailed({ data: { step: id } }, { maps }) {
    const map = maps.get(id);
    if (map?.step.outcome !== 'awaited') return `map ${id} fails, which is ${map?.step.outcome ?? 'not there'}`;
    const failed = map.items.filter(hasFailed).length;
    return failed > map.tolerated ? undefined : `map ${id} fails for ${failed} of its items, and ${map.tolerated} may`;
  },
};

const lostItemsAreFew: Rules = {
  StepFailureCaught({ data: { step } }, before) {
    const map = mapAt(before, step);
    return map && map.caught >= map.tolerated ? `item ${step} is let go, and ${map.tolerated} already were` : undefined;
  },
  MapCompleted({ data: { step: id } }, { maps }) {
    const standing = maps
      .get(id)
      ?.items.find(({ outcome, standing }) => outcome === 'caught' && (standing === 'effect' || standing === 'maybe'));
    return standing && `map ${id} is completed while item ${standing.id}, which counts as failed, may stand`;
  },
};

export const MAP_LAWS: readonly RuledLaw[] = [
  law('items-in-order', 'The items of a map open in their order, each once, and no more than there are.', itemsInOrder),
  law('items-in-turn', 'Never more items of a map are under way, forward or back, than may be at once.', itemsInTurn),
  law('no-item-after-the-map', 'No item opens or is tried again once its map has failed or is settled.', noItemAfterTheMap),
  law('maps-end-for-cause', 'A map is completed when every item is settled, and fails when more have failed than may.', mapsEndForCause),
  law('lost-items-are-few', 'No more items are let go than may fail, and none that is stands when the map is completed.', lostItemsAreFew),
];
