/**
 * At most so many sagas of one name at the same time: who holds a slot.
 *
 * Invariants
 * K1  A slot is granted only while fewer than the limit are held. A grant is on record before the saga is told, so that whoever reads the record
 *     never grants one too many.
 * K2  A slot is held by a saga until that has said that it has ended. One that asks again is told again; returned twice is returned once. Another
 *     life of its id, which was started later, has the slot in its place, and an earlier one that ends late does not give it back.
 * K3  First come, first served: by the time at which a saga was started, as far as those who wait are known.
 * K4  Who waits is recorded here nowhere. A saga that waits is `throttled`, for everybody to see, and the index finds it.
 */
import type { LimitInput } from '../messages.js';

export interface SlotsMoved {
  /** From here on; null: none. */
  readonly limit?: number | null;
  readonly granted?: readonly string[];
  /** When each of those was started, epoch milliseconds. Absent in older events: nobody knows. */
  readonly since?: readonly number[];
  readonly returned?: readonly string[];
  /** All that are held are granted anew in this event and those after it, so that nobody need read what was before. */
  readonly afresh?: true;
}

/** An event of the stream `limit-<saga>`. */
export interface LimiterEvent {
  readonly type: 'SlotsMoved';
  /** Epoch milliseconds. */
  readonly at: number;
  readonly data: SlotsMoved;
}

/** A fold over that stream. */
export interface LimiterState {
  revision: number;
  /** Undefined: nobody has said. `Infinity`: none. */
  limit: number | undefined;
  /** By id, when the saga was started; 0 where nobody knows. */
  readonly holders: Map<string, number>;
}

/** A saga that waits for a slot, or has one. */
export interface Place {
  readonly sagaId: string;
  /** When it was started, epoch milliseconds. */
  readonly since: number;
}

/** What a limiter was told in one batch. */
export interface SlotInputs {
  readonly limit?: number | null;
  /** By sagas that were started then; undefined: nobody knows. */
  readonly returned: readonly { readonly sagaId: string; readonly since: number | undefined }[];
}

/** Ids in one event: enough for full batches, few enough for the size of an event, however long ids are. */
const MOST_IDS = 250;

export function initialLimiter(): LimiterState {
  return { revision: -1, limit: undefined, holders: new Map() };
}

export function evolveLimiter(state: LimiterState, { data }: LimiterEvent): LimiterState {
  state.revision += 1;
  if (data.afresh) state.holders.clear();
  if (data.limit !== undefined) state.limit = data.limit ?? Number.POSITIVE_INFINITY;
  for (const sagaId of data.returned ?? []) state.holders.delete(sagaId);
  for (const [at, sagaId] of (data.granted ?? []).entries()) state.holders.set(sagaId, data.since?.[at] ?? 0);
  return state;
}

/** Slots that could be granted now. */
export function freeSlots({ limit, holders }: LimiterState): number {
  return limit === undefined ? 0 : Math.max(0, limit - holders.size);
}

/** What a batch told; `state` is consumed. */
export function recordSlotInputs(state: LimiterState, { limit, returned }: SlotInputs, at: number): LimiterEvent[] {
  const before = state.limit === Number.POSITIVE_INFINITY ? null : state.limit;
  const isNew = limit !== undefined && limit !== before && !(limit === null && before === undefined && state.revision < 0);
  const own = [...new Set(returned.filter((one) => isHolders(state, one)).map(({ sagaId }) => sagaId))];
  const events = chunks(own).map((ids): SlotsMoved => ({ returned: ids }));
  if (isNew) events[0] = { limit, ...events[0] };
  return emit(state, events, at);
}

/** K2 */
function isHolders({ holders }: LimiterState, { sagaId, since = Number.POSITIVE_INFINITY }: SlotInputs['returned'][number]): boolean {
  const held = holders.get(sagaId);
  return held !== undefined && held <= since;
}

/** K1: to as many of those who wait as there are slots; `state` is consumed. */
export function grantSlots(state: LimiterState, waiting: readonly Place[], at: number): LimiterEvent[] {
  const chosen = waiting.filter(({ sagaId }) => !state.holders.has(sagaId));
  return grant(state, [...new Map(chosen.map((place) => [place.sagaId, place])).values()].slice(0, freeSlots(state)), at);
}

/** K2: of those who ask and have a slot, each that is another life of the id that it was granted to; `state` is consumed. */
export function passSlotsOn(state: LimiterState, asking: readonly Place[], at: number): LimiterEvent[] {
  const later = asking.filter(({ sagaId, since }) => since > (state.holders.get(sagaId) ?? Number.POSITIVE_INFINITY));
  return grant(state, [...new Map(later.map((place) => [place.sagaId, place])).values()], at);
}

function grant(state: LimiterState, places: readonly Place[], at: number): LimiterEvent[] {
  return emit(state, chunks(places).map(granting), at);
}

function granting(places: readonly Place[]): SlotsMoved {
  return { granted: places.map(({ sagaId }) => sagaId), since: places.map(({ since }) => since) };
}

/** The state in events of its own; `state` is consumed, and afterwards what it was. */
export function slotsAfresh(state: LimiterState, at: number): LimiterEvent[] {
  const [first = [], ...others] = chunks([...state.holders].map(([sagaId, since]): Place => ({ sagaId, since })));
  const limit = state.limit === Number.POSITIVE_INFINITY ? null : state.limit;
  const begin: SlotsMoved = { afresh: true, ...(limit !== undefined && { limit }), ...granting(first) };
  return emit(state, [begin, ...others.map(granting)], at);
}

function emit(state: LimiterState, moves: readonly SlotsMoved[], at: number): LimiterEvent[] {
  return moves.map((data) => {
    const event: LimiterEvent = { type: 'SlotsMoved', at, data };
    evolveLimiter(state, event);
    return event;
  });
}

function chunks<T>(ids: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < ids.length; at += MOST_IDS) all.push(ids.slice(at, at + MOST_IDS));
  return all;
}

/** What the inputs of a batch come to; of several limits the last holds. */
export function slotInputsOf(inputs: readonly Omit<LimitInput, 'at'>[]): SlotInputs {
  const said = inputs.filter((input) => input.do === 'set').at(-1);
  const returned = inputs.flatMap((input) =>
    input.do === 'return' && input.saga !== undefined ? [{ sagaId: input.saga, since: input.since }] : [],
  );
  return { returned, ...(said && { limit: said.running ?? null }) };
}
