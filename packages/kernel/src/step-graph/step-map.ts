/** What the step graph makes of a map: its items, what becomes of those that fail, and its end. */

import { isResolved } from '../deciding/catching.js';
import type { Command, Each, MapStep, SagaDefinition, SagaView } from '../definition/definition.js';
import { type ErrorRecord, SkaldError } from '../errors/errors.js';
import { fnv1a } from '../fnv1a.js';
import type { StepPolicy } from '../history/events.js';
import { canonicalJson } from '../json.js';
import type { Directive } from '../program.js';
import { indexOfItem, isAtRest, type MapState } from '../state/map-state.js';
import { viewOf } from '../state/saga-view.js';
import { type SagaState, type StepState, stepOf } from '../state/state.js';
import { ancestors } from './ancestors.js';

/** More are a batch job, and each costs several events. */
export const MOST_ITEMS = 100_000;

const UNSAID: ErrorRecord = { name: 'Error', message: 'failed' };

/** The items of the maps of one definition. They are not recorded: what each is asked is, their number, and by what to know them again. */
export class MapItems {
  /** Of states at hand: a state that is read anew asks the definition anew, once. */
  readonly #known = new WeakMap<SagaState, Map<string, Each>>();
  /** By map: the steps before it, whose results no longer change. */
  readonly #before: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(definition: SagaDefinition) {
    const after = new Map(definition.steps.map((step) => [step.id, step.after]));
    const maps = definition.steps.filter((step) => step.kind === 'map');
    this.#before = new Map(maps.map(({ id }) => [id, ancestors(id, (one) => after.get(one))]));
  }

  /** Throws `not-a-list`, and `nondeterministic` where they are not what they were. */
  of(step: MapStep, state: SagaState): Each {
    const known = this.#known.get(state) ?? new Map<string, Each>();
    this.#known.set(state, known);
    const each = known.get(step.id) ?? this.#ask(step, state);
    known.set(step.id, each);
    return each;
  }

  #ask(step: MapStep, state: SagaState): Each {
    const started = state.maps.get(step.id);
    const each = step.each(state.input, this.#view(step.id, state, started?.startedAt ?? state.at));
    const given: unknown = each?.items;
    if (!Array.isArray(given) || given.length > MOST_ITEMS) {
      const what = Array.isArray(given) ? `${given.length} items, and ${MOST_ITEMS} are the most` : `${typeof given} for a list of items`;
      throw new SkaldError('not-a-list', { saga: state.saga, step: step.id, what });
    }
    if (started && started.count !== given.length) {
      const what = `step ${step.id} has ${given.length} items, and had ${started.count} when it began`;
      throw new SkaldError('nondeterministic', { sagaId: state.sagaId, what });
    }
    if (started?.fingerprint !== undefined && started.fingerprint !== fingerprintOf(given)) {
      const what = `step ${step.id} has other items, or has them in another order, than when it began`;
      throw new SkaldError('nondeterministic', { sagaId: state.sagaId, what });
    }
    return each;
  }

  /** The same whenever it is asked for: as the step began. */
  #view(id: string, state: SagaState, now: number): SagaView {
    const { reason: _, ...view } = viewOf(state);
    const before = this.#before.get(id);
    const results = Object.fromEntries(Object.entries(view.results).filter(([step]) => before?.has(step)));
    return { ...view, results: Object.freeze(results), now };
  }
}

export function beginMap({ id: step, after, concurrency, tolerate }: MapStep, { items }: Each): Directive {
  const count = items.length;
  const tolerated = 'failures' in tolerate ? tolerate.failures : Math.floor(count * tolerate.share);
  const fingerprint = fingerprintOf(items);
  return { do: 'map', step, after, count, concurrency, tolerated, ...(fingerprint !== undefined && { fingerprint }) };
}

/** Undefined of items that JSON cannot tell apart (what is in circles, numbers too large): then their number has to do. */
function fingerprintOf(items: readonly unknown[]): string | undefined {
  let hashes = [0x811c9dc5, 0x9747b28c];
  try {
    for (const item of items) {
      const text = `${canonicalJson(item)}\n`;
      hashes = hashes.map((hash) => fnv1a(text, hash));
    }
  } catch {
    return undefined;
  }
  return hashes.map((hash) => hash.toString(16).padStart(8, '0')).join('');
}

/**
 * A map that has begun. Items that failed are let go while they are tolerated; beyond that the map has failed, or, where nothing turns back
 * any more, each waits for a person.
 */
export function goOnMapping(
  step: MapStep,
  map: MapState,
  state: SagaState,
  policy: StepPolicy,
  command: (index: number) => Command,
): readonly Directive[] {
  const directives: Directive[] = [];
  let left = map.tolerated - map.lost;
  for (const id of map.over) {
    // A person has the word, or has had it.
    if (state.parked.has(`step:${id}`) || state.patches.has(id)) continue;
    const item = stepOf(state, id);
    const error = item.error ?? UNSAID;
    if (step.onUnknown === 'probe' && item.status === 'unknown' && !isResolved(item)) {
      directives.push({ do: 'resolve', step: id });
      continue;
    }
    left -= 1;
    if (left >= 0) directives.push({ do: 'catch', step: id, error });
    else if (state.pivotPassed) directives.push({ do: 'fail', step: id, error });
    else return [{ do: 'fail-map', step: step.id, error: tooMany(map, state, id) }];
  }
  if (map.settled === map.count && isAtRest(map)) directives.push({ do: 'gather', step: step.id });
  else if (map.opened < map.count) directives.push({ do: 'items', step: step.id, policy, command });
  return directives;
}

/** The failure of a map is caught when nothing of it is under way, and how each of its items stands is known. */
export function afterItems(state: SagaState, id: string, directive: Directive): readonly Directive[] {
  const map = state.maps.get(id);
  return map && !isAtRest(map) ? [...map.over].map((step) => ({ do: 'resolve', step })) : [directive];
}

function tooMany(map: MapState, state: SagaState, latest: string): ErrorRecord {
  const failed = map.lost + map.over.size;
  const item = map.firstLost ?? latest;
  const { name, message } = stepOf(state, item).error ?? UNSAID;
  return {
    name: 'TooManyFailures',
    message: `${failed} of ${map.count} items failed, and ${map.tolerated || 'none'} may; the first was ${item}: ${name}: ${message}`,
    data: { failed, tolerated: map.tolerated, count: map.count, first: { item, name, message } },
  };
}

/** Of one item, by the saga's own method. Undefined: its participant knows how. */
export function itemCompensation(step: MapStep, items: MapItems, state: SagaState, item: StepState): Command | undefined {
  const index = indexOfItem(item.id);
  return step.compensation?.run(items.of(step, state).items[index], item.result, viewOf(state, item.error), index, state.input);
}
