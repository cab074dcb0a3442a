import {
  freeSlots,
  grantSlots,
  type LimiterEvent,
  type LimiterState,
  type LimitInput,
  type Place,
  passSlotsOn,
  recordSlotInputs,
  type SagaIndex,
  slotInputsOf,
  slotsAfresh,
  WaitingLine,
} from '@skald/kernel';
import { AFRESH_EVERY, type LoadedLimiter } from './limit-stream.js';

/** Granted in one write. */
const MOST_GRANTS = 500;
/** Of the ids that are said anew in one write. */
const MOST_CHARACTERS = 400_000;
/** Of a time, with what stands between two. */
const MOST_DIGITS = 20;
/** Holders of which the index is asked in one check. */
const MOST_CHECKED = 1_000;

/** What a batch of inputs came to. */
export interface LimiterTurn {
  readonly events: readonly LimiterEvent[];
  /** Sagas to be told that they have a slot. */
  readonly told: readonly Place[];
  /** There are more to be granted than fit. */
  readonly hasMore: boolean;
}

/** One limiter at hand: who holds a slot, as recorded, and who waits, as far as it is known. */
export class Limiter {
  readonly state: LimiterState;
  head: string;
  private readonly line = new WaitingLine();
  /** Nobody waits who is not in the line, as far as the index knows. */
  private isComplete = false;
  /** Revision from which the stream says afresh who holds a slot. */
  private afreshFrom: number;
  /** Whom the next check begins with. */
  private checked: string | undefined;

  constructor(
    readonly saga: string,
    loaded: LoadedLimiter,
  ) {
    this.state = loaded.state;
    this.head = loaded.head;
    this.afreshFrom = Math.floor(loaded.afresh / AFRESH_EVERY) * AFRESH_EVERY;
  }

  /** Decides; `waiting` finds out who waits, where the index may be believed. The state is that after the events. */
  async take(inputs: readonly Omit<LimitInput, 'at'>[], index: SagaIndex | undefined, at: number): Promise<LimiterTurn> {
    const { state, line } = this;
    const events = this.afresh(at);
    const again: Place[] = [];
    for (const { do: what, saga, since } of inputs) {
      if (saga === undefined) continue;
      if (what === 'return') line.remove(saga, since);
      // Its grant was lost, or comes twice.
      else if (what === 'ask' && state.holders.has(saga)) again.push({ sagaId: saga, since: since ?? 0 });
      else if (what === 'ask' && !line.add({ sagaId: saga, since: since ?? at })) this.isComplete = false;
    }
    events.push(...recordSlotInputs(state, slotInputsOf(inputs), at), ...passSlotsOn(state, again, at));
    const told = again.flatMap(({ sagaId }) => this.placeOf(sagaId));
    const wanted = Math.min(freeSlots(state), MOST_GRANTS);
    if (wanted > 0 && index && !this.isComplete) await this.fill(index, wanted);
    const chosen = line.first(wanted);
    events.push(...grantSlots(state, chosen, at));
    for (const { sagaId } of chosen) line.remove(sagaId);
    const hasMore = chosen.length > 0 && freeSlots(state) > 0 && (line.size > 0 || !this.isComplete);
    return { events, told: [...told, ...chosen], hasMore };
  }

  /** From time to time: somebody may wait who was not heard, and somebody may have ended who was not heard. Answers whom to tell again. */
  async check(index: SagaIndex): Promise<Place[]> {
    this.isComplete = false;
    const holders = [...this.state.holders.keys()];
    const from = this.checked === undefined ? 0 : holders.indexOf(this.checked) + 1;
    const some = holders.slice(from, from + MOST_CHECKED);
    this.checked = from + MOST_CHECKED < holders.length ? some.at(-1) : undefined;
    const silent: Place[] = [];
    for (const sagaId of some) {
      const status = (await index.get(sagaId))?.status;
      // Told again, one that waits runs, one that has ended gives back, and every other one knows already.
      if (status !== 'running' && status !== 'compensating') silent.push(...this.placeOf(sagaId));
    }
    return silent;
  }

  private async fill(index: SagaIndex, wanted: number): Promise<void> {
    const { state, line } = this;
    const most = wanted + MOST_GRANTS;
    const found = await index.throttled(this.saga, most, (sagaId) => !state.holders.has(sagaId) && !line.has(sagaId));
    let hasRoom = true;
    for (const { sagaId, startedAt } of found) hasRoom = line.add({ sagaId, since: startedAt }) && hasRoom;
    this.isComplete = found.length < most && hasRoom;
  }

  private placeOf(sagaId: string): Place[] {
    const since = this.state.holders.get(sagaId);
    return since === undefined ? [] : [{ sagaId, since }];
  }

  private afresh(at: number): LimiterEvent[] {
    const { state } = this;
    if (state.revision + 1 < this.afreshFrom + AFRESH_EVERY) return [];
    let characters = 0;
    for (const sagaId of state.holders.keys()) characters += sagaId.length + MOST_DIGITS;
    // Where it would be too much for one write the stream is read from further back.
    if (characters > MOST_CHARACTERS) return [];
    this.afreshFrom = Math.floor((state.revision + 1) / AFRESH_EVERY) * AFRESH_EVERY;
    return slotsAfresh(state, at);
  }
}
