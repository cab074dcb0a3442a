/**
 * What becomes of a map's directives.
 *
 * Invariants
 * N1  Never more of a map's items are at work than its `concurrency`, forward or back. What waits for a person keeps its place, so that a
 *     map whose participant is broken comes to a stand, and not all its items to a person.
 * N2  A decision begins only so many items, and so many bytes of them: it is one write. The answer to any of them begins the next.
 * N3  Once the map has failed or is settled no item is begun, and none is tried again.
 */
import type { Draft } from '../decide.js';
import { type ErrorRecord, recordError, SagaAborted } from '../errors/errors.js';
import type { Directive } from '../program.js';
import { isAtRest, itemId, type MapState } from '../state/map-state.js';
import { type SagaState, type StepState, stepOf } from '../state/state.js';
import { openStep } from './requests.js';

/** Events of a decision beyond which no further item is begun in it, and characters of what items ask. */
const MOST_EVENTS = 200;
const MOST_CHARACTERS = 64 * 1024;

type Of<Do extends Directive['do']> = Extract<Directive, { do: Do }>;

export function startMap(draft: Draft, { do: _, ...started }: Of<'map'>): void {
  if (!draft.state.steps.has(started.step)) draft.emit('MapStarted', started);
}

/** A method that aborts the saga is heard, whichever item it was asked about. */
export function openItems(draft: Draft, { step, policy, command }: Of<'items'>): ErrorRecord | undefined {
  const { state } = draft;
  const map = state.maps.get(step);
  if (!map || !goesOn(state, step)) return undefined;
  const { after } = stepOf(state, step);
  try {
    // What is to be undone goes first.
    while (map.opened < map.count && map.line.length === 0 && hasRoom(draft, map)) {
      const asked = command(map.opened);
      draft.characters += JSON.stringify(asked.args).length;
      openStep(draft, { do: 'request', step: itemId(step, map.opened), after, policy, command: asked });
    }
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SagaAborted) return recordError(thrown);
    throw thrown;
  }
}

export function gather(draft: Draft, step: string): void {
  const map = draft.state.maps.get(step);
  if (map && goesOn(draft.state, step) && map.settled === map.count && isAtRest(map)) draft.emit('MapCompleted', { step });
}

export function failMap(draft: Draft, { step, error }: Of<'fail-map'>): void {
  if (goesOn(draft.state, step)) draft.emit('MapFailed', { step, error });
}

/** Undoes what stands in line, the latest items first, as far as there is room. */
export function undoNextItems(draft: Draft, map: MapState, undo: (item: StepState) => void): void {
  const { state } = draft;
  for (let next = map.line.at(-1); next !== undefined && hasRoom(draft, map); next = map.line.at(-1)) {
    const item = stepOf(state, next);
    undo(item);
    draft.characters += JSON.stringify(item.undo?.command?.args ?? []).length;
  }
}

function goesOn(state: SagaState, step: string): boolean {
  return stepOf(state, step).status === 'waiting';
}

/** One at least is always at work, so that an answer is awaited with which to go on. */
function hasRoom({ events, characters }: Draft, map: MapState): boolean {
  if (map.atWork >= map.concurrency) return false;
  return map.atWork === 0 || (events.length < MOST_EVENTS && characters < MOST_CHARACTERS);
}
