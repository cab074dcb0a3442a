/**
 * What would be undone if the saga were cancelled now, and in which order; of one that has turned back, what is still to be undone.
 *
 * Nothing of this is reckoned beside the kernel: on a copy of the state the fold itself is driven through the way back, each command answered
 * at once, and what it asks for at the same time is one level. Of what is in flight the worst is assumed: that it will have happened.
 */

import type { SagaDefinition } from '../definition/definition.js';
import type { DataOf, EventType, RecordedCommand, SagaEvent } from '../history/events.js';
import { evolve } from '../history/evolve.js';
import { isToBeUndone } from '../history/evolve-undo.js';
import type { RefusalCode } from '../messages.js';
import { childOf, isChild } from '../state/child-call.js';
import { type MapState, mapOf } from '../state/map-state.js';
import { isInFlight, isSealing, needsUndo, type SagaState, type StepState, stepOf } from '../state/state.js';
import { refusedCancel } from './possible-actions.js';

/** One compensation. */
export interface PlannedUndo {
  readonly step: string;
  /**
   * Its participant undoes what it did; the saga that it started is cancelled while it runs, undone where it has completed, and never begun where
   * it has not (a detached one that has begun is left alone); or the saga asks as its own method says, whose name is `compensation`, where known.
   */
  readonly how:
    | { readonly by: 'participant'; readonly participant: string; readonly action: string }
    | { readonly by: 'child'; readonly sagaId: string; readonly detached?: true }
    | { readonly by: 'saga'; readonly compensation?: string };
  /**
   * What is known of the action: it happened, it may have, its answer is awaited and decides, or it was begun, and nobody waits any more for the
   * child or for who has its task token.
   */
  readonly because: 'succeeded' | 'unknown' | 'in-flight' | 'begun';
  /** Its outcome is found out first, or it is seen to that it never happens; where it had not happened nothing is undone. */
  readonly sealedFirst?: true;
}

/** A step that stays as it is, and why. */
export interface PlannedRest {
  readonly step: string;
  readonly why: 'failed' | 'skipped' | 'nothing-to-undo' | 'undone' | 'left';
}

export interface CancelPlan {
  /** What a cancel would be answered. `pending`: pivots whose outcome is awaited first; if one succeeds, the cancel is refused and nothing is undone. */
  readonly cancel:
    | { readonly accepted: true; readonly pending: readonly string[] }
    | { readonly accepted: false; readonly code: RefusalCode; readonly pivots: readonly string[] };
  /** What is undone, level after level; within one at the same time. */
  readonly levels: readonly (readonly PlannedUndo[])[];
  /** Steps in flight: an answer is awaited, for as long as their attempt may take. */
  readonly awaited: readonly string[];
  /** Steps that wait for a time, a signal or another attempt, and do so no more. */
  readonly stopped: readonly string[];
  readonly rest: readonly PlannedRest[];
}

/** The plan of a saga in this state, which is not changed. With its definition, compensations have names. O(n) in steps and what hangs on them. */
export function plan(state: SagaState, definition?: SagaDefinition): CancelPlan {
  const refused = refusedCancel(state);
  const turnsBack = state.phase === 'compensating' || state.reopened || (state.phase === 'running' && state.cancel !== undefined);
  const cancel = refused
    ? { accepted: false as const, code: codeOf(refused), pivots: pivotsOf(state) }
    : { accepted: true as const, pending: [...state.pivotsOpen].filter((id) => isOpen(stepOf(state, id))) };
  if (refused && !turnsBack) return { cancel, levels: [], awaited: [], stopped: [], rest: [] };
  const steps = [...state.steps.values()];
  const levels = levelsOf(state, definition);
  const planned = new Set(levels.flat().map(({ step }) => step));
  return {
    cancel,
    levels,
    awaited: steps.filter((step) => isAwaited(step, state)).map(({ id }) => id),
    stopped: steps.filter((step) => step.status === 'waiting' || (isLeftAlone(step, state) && !step.doubt)).map(({ id }) => id),
    rest: steps.flatMap((step) => (planned.has(step.id) ? [] : restOf(step))),
  };
}

function codeOf(answer: NonNullable<ReturnType<typeof refusedCancel>>): RefusalCode {
  return answer.accepted ? 'saga-ended' : (answer.code as RefusalCode);
}

function pivotsOf({ steps }: SagaState): string[] {
  return [...steps.values()].filter(({ policy, status }) => policy?.pivot && status === 'succeeded').map(({ id }) => id);
}

/** A pivot that is not asked again once a cancel waits, and of which nothing is unknown, holds nothing up. */
function isOpen(step: StepState): boolean {
  return !isPaused(step) || step.doubt;
}

function isPaused({ status }: Pick<StepState, 'status'>): boolean {
  return status === 'backoff' || status === 'due';
}

/** What is asked no more when the saga turns back; of a step that is not a pivot its outcome neither. */
function isLeftAlone(step: StepState, { phase, pivotsOpen }: SagaState): boolean {
  return isPaused(step) || isRevoked(step) || (isSealing(step) && phase === 'running' && !pivotsOpen.has(step.id));
}

/** Nobody waits for its task token, or for the child, any more, and it is undone by its key. */
function isRevoked(step: StepState): boolean {
  return !step.policy?.pivot && (step.status === 'deferred' || (step.status === 'requested' && isChild(step)));
}

function isAwaited(step: StepState, state: SagaState): boolean {
  return isInFlight(step) && !isLeftAlone(step, state);
}

function restOf(step: StepState): PlannedRest[] {
  const { id, status, undo } = step;
  if (undo?.status === 'done' || undo?.status === 'skipped') return [{ step: id, why: undo.status === 'done' ? 'undone' : 'left' }];
  if (status === 'failed' || status === 'caught') return [{ step: id, why: 'failed' }];
  if (status === 'skipped') return [{ step: id, why: 'skipped' }];
  return status === 'succeeded' ? [{ step: id, why: 'nothing-to-undo' }] : [];
}

function levelsOf(state: SagaState, definition: SagaDefinition | undefined): PlannedUndo[][] {
  const before = state.steps;
  const way = new WayBack(copyOf(state));
  way.begin();
  const levels: PlannedUndo[][] = [];
  for (let ready = way.next(); ready.length > 0; ready = way.next()) {
    levels.push(ready.flatMap((id) => plannedUndo(state, before.get(id), definition)));
  }
  return levels;
}

function plannedUndo(state: SagaState, step: StepState | undefined, definition: SagaDefinition | undefined): PlannedUndo[] {
  if (!step) return [];
  const { id, status, policy, command, sealed } = step;
  const own = policy?.compensation === 'saga';
  const written = mapOf(state, id)?.step ?? id;
  const defined = definition?.steps.find((one) => one.id === written);
  const compensation = defined?.kind === 'command' || defined?.kind === 'map' ? defined.compensation?.name : undefined;
  const { participant, action }: Omit<RecordedCommand, 'args'> = command ?? { participant: '', action: '' };
  const child = command && childOf(state, step, command);
  const how: PlannedUndo['how'] = own
    ? { by: 'saga', ...(compensation !== undefined && { compensation }) }
    : child
      ? { by: 'child', sagaId: child.sagaId, ...(child.detached && { detached: true }) }
      : { by: 'participant', participant, action };
  const because = step.stranded || status === 'succeeded' ? 'succeeded' : whyUncertain(step);
  return [{ step: id, how, because, ...(own && because !== 'succeeded' && !sealed && { sealedFirst: true }) }];
}

function whyUncertain(step: StepState): PlannedUndo['because'] {
  if (step.status === 'deferred' && isRevoked(step)) return 'begun';
  const isUnknown = step.status === 'unknown' || isRevoked(step) || (isPaused(step) && step.doubt) || isSealing(step);
  return isUnknown ? 'unknown' : 'in-flight';
}

/** The way back on a copy of the state. */
class WayBack {
  readonly #undoing = new Set<string>();

  constructor(private readonly state: SagaState) {}

  begin(): void {
    const { state } = this;
    for (const step of state.steps.values()) {
      const { id, round, policy } = step;
      // Of a pivot that succeeds there is no way back.
      if (policy?.pivot && state.pivotsOpen.has(id)) this.#emit('StepSealed', { step: id, round });
      else if (isAwaited(step, state)) this.#emit('StepSucceeded', { step: id, round });
    }
    if (state.phase === 'running') this.#emit('CompensationStarted', { reason: { type: 'cancelled', reason: '', by: '' } });
    for (const target of state.parked.keys())
      if (target.startsWith('compensation:')) this.#attend(stepOf(state, target.slice('compensation:'.length)));
    // What is under way already is of the first level.
    for (const step of state.steps.values()) if (isUndoing(step) && step.undo?.status !== 'due') this.#undoing.add(step.id);
  }

  /** What waits for a person is asked for again, when its turn has come. */
  #attend(step: StepState): void {
    this.state.parked.delete(`compensation:${step.id}`);
    if (step.undo && step.undo.status !== 'again') step.undo.status = 'due';
    if (isToBeUndone(this.state, step)) this.#undoing.add(step.id);
  }

  /** The steps that are undone at the same time next, all of which have been undone then. */
  next(): string[] {
    const ready = new Set([...this.#undoing, ...this.state.undoReady]);
    for (const map of this.state.maps.values()) this.#nextOf(map, ready);
    this.#undoing.clear();
    for (const id of ready) this.#undo(stepOf(this.state, id));
    return [...ready];
  }

  /** Of the items of a map no more at once than may be. */
  #nextOf(map: MapState, ready: Set<string>): void {
    let room = map.concurrency;
    for (const id of ready) if (mapOf(this.state, id) === map) room -= 1;
    for (let at = map.line.length - 1; at >= 0 && room > 0; at--) {
      const id = map.line[at] ?? '';
      if (ready.has(id) || !isToBeUndone(this.state, stepOf(this.state, id))) continue;
      ready.add(id);
      room -= 1;
    }
  }

  #undo(step: StepState): void {
    const { state } = this;
    const { id } = step;
    state.parked.delete(`compensation:${id}`);
    const round = step.undo && step.undo.round > 0 && step.undo.status !== 'again' ? step.undo.round : (step.undo?.round ?? 0) + 1;
    this.#emit('CompensationRequested', { step: id, round, attempt: (step.undo?.attempt ?? 0) + 1, dueAt: state.at });
    this.#emit('CompensationSucceeded', { step: id, round, executed: true });
    // A success that crossed it is undone once more, under the same turn.
    if (needsUndo(step)) this.#undo(step);
  }

  #emit<Type extends EventType>(type: Type, data: DataOf<Type>): void {
    evolve(this.state, { type, at: this.state.at, data } as SagaEvent);
  }
}

function isUndoing(step: StepState): boolean {
  const undo = step.undo?.status;
  const hasItsTurn = step.blockers === 0 || step.outOfTurn;
  return !isInFlight(step) && (undo === 'requested' || undo === 'backoff' || (undo === 'due' && hasItsTurn));
}

/** Whatever a state is made of: maps, sets, lists and plain objects. */
function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, copyOf(one)])) as T;
  if (value instanceof Set) return new Set(value) as T;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyOf(one)])) as T;
}
