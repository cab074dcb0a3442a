/**
 * At most so many sagas of one name at the same time: who holds a slot.
 *
 * Invariants
 * K1  A slot is granted only while fewer than the limit are held. A grant is on record before the saga is told, so that whoever reads the record
 *     never grants one too many.
 * K2  A slot is held by a saga's id until that saga has said that it has ended. One that asks again is told again; returned twice is returned once.
 * K3  First come, first served: by the time at which a saga was started, as far as those who wait are known.
 * K4  Who waits is recorded here nowhere. A saga that waits is `throttled`, for everybody to see, and the index finds it.
 */
import type { LimitInput } from '../messages.js';

export interface SlotsMoved {
  /** From here on; null: none. */
  readonly limit?: number | null;
  readonly granted?: readonly string[];
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
  readonly holders: Set<string>;
}

/** What a limiter was told in one batch. */
export interface SlotInputs {
  readonly limit?: number | null;
  readonly returned: readonly string[];
}

/** Ids in one event: enough for full batches, few enough for the size of an event, however long ids are. */
const MOST_IDS = 250;

export function initialLimiter(): LimiterState {
  return { revision: -1, limit: undefined, holders: new Set() };
}

export function evolveLimiter(state: LimiterState, { data }: LimiterEvent): LimiterState {
  state.revision += 1;
  if (data.afresh) state.holders.clear();
  if (data.limit !== undefined) state.limit = data.limit ?? Number.POSITIVE_INFINITY;
  for (const sagaId of data.returned ?? []) state.holders.delete(sagaId);
  for (const sagaId of data.granted ?? []) state.holders.add(sagaId);
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
  const own = [...new Set(returned)].filter((sagaId) => state.holders.has(sagaId));
  const events = chunks(own).map((ids): SlotsMoved => ({ returned: ids }));
  if (isNew) events[0] = { limit, ...events[0] };
  return emit(state, events, at);
}

/** K1: to as many of those who wait as there are slots; `state` is consumed. */
export function grantSlots(state: LimiterState, waiting: readonly string[], at: number): LimiterEvent[] {
  const chosen = [...new Set(waiting)].filter((sagaId) => !state.holders.has(sagaId)).slice(0, freeSlots(state));
  return emit(
    state,
    chunks(chosen).map((granted) => ({ granted })),
    at,
  );
}

/** The state in events of its own; `state` is consumed, and afterwards what it was. */
export function slotsAfresh(state: LimiterState, at: number): LimiterEvent[] {
  const [first = [], ...others] = chunks([...state.holders]);
  const limit = state.limit === Number.POSITIVE_INFINITY ? null : state.limit;
  const begin: SlotsMoved = { afresh: true, ...(limit !== undefined && { limit }), granted: first };
  return emit(state, [begin, ...others.map((granted) => ({ granted }))], at);
}

function emit(state: LimiterState, moves: readonly SlotsMoved[], at: number): LimiterEvent[] {
  return moves.map((data) => {
    const event: LimiterEvent = { type: 'SlotsMoved', at, data };
    evolveLimiter(state, event);
    return event;
  });
}

function chunks(ids: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let at = 0; at < ids.length; at += MOST_IDS) all.push(ids.slice(at, at + MOST_IDS));
  return all;
}

/** What the inputs of a batch come to; of several limits the last holds. */
export function slotInputsOf(inputs: readonly Omit<LimitInput, 'at'>[]): SlotInputs {
  const said = inputs.filter((input) => input.do === 'set').at(-1);
  const returned = inputs.flatMap((input) => (input.do === 'return' && input.saga !== undefined ? [input.saga] : []));
  return { returned, ...(said && { limit: said.running ?? null }) };
}
