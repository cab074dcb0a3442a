/**
 * What can be done to a saga now: one source of truth for refusals, for lists of what is possible, and for whoever shows them.
 *
 * Invariants
 * Q1  What is listed as possible is accepted when it is asked for in this state, and what is not listed is refused with the reason.
 */

import type { Target } from '../history/events.js';
import type { Answer, Operator, OperatorAction, RefusalCode } from '../messages.js';
import { isChild } from '../state/child-call.js';
import { mapOf } from '../state/map-state.js';
import { statusOf } from '../state/saga-status.js';
import { isHeld, isSealing, type Parked, type SagaState, type StepState, stepIdOf, stepOf } from '../state/state.js';

/** What can be done to a saga as a whole. `start-again` begins another one. */
export type SagaAction = 'cancel' | 'deadline' | 'suspend' | 'resume' | 'terminate' | 'start-again';

/** What can be done to one thing in a saga: something that is parked, or a step that waits. */
export interface TargetActions {
  readonly target: Target;
  readonly actions: readonly OperatorAction[];
  /** Revision at which it was parked, or began to wait as it does: an action that names it is refused when that is no longer so. */
  readonly seen: number;
  /** Absent on what only waits. */
  readonly parked?: Parked;
}

export interface PossibleActions {
  readonly saga: readonly SagaAction[];
  readonly targets: readonly TargetActions[];
}

/** What an operator names; of a list of what is possible, nothing. */
type Named = Partial<Pick<Operator, 'seen' | 'dueAt' | 'args'>>;
type Objection = { readonly code: RefusalCode; readonly details?: Readonly<Record<string, string>> } | { readonly why: string };

const ON_SAGA = ['deadline', 'suspend', 'resume', 'terminate'] as const;
const ON_TARGET: readonly OperatorAction[] = ['retry', 'patch', 'skip', 'succeed', 'fail', 'move', 'resume'];

/** Everything that can be done to the saga, and to what in it, now. */
export function actionsOf(state: SagaState): PossibleActions {
  const waiting = [...state.steps.values()].filter(isWaiting).map(({ id }): Target => `step:${id}`);
  const targets = [...new Set([...state.parked.keys(), ...waiting])].map((target): TargetActions => {
    const parked = state.parked.get(target);
    return { target, actions: possibleActions(state, target), seen: seenOf(state, target) ?? -1, ...(parked && { parked }) };
  });
  return { saga: sagaActions(state), targets: targets.filter(({ actions }) => actions.length > 0) };
}

function sagaActions(state: SagaState): SagaAction[] {
  return [
    ...(refusedCancel(state) ? [] : (['cancel'] as const)),
    ...ON_SAGA.filter((action) => !objection(state, action, undefined, { dueAt: 0 })),
    ...(whyNotAgain(state) === undefined ? (['start-again'] as const) : []),
  ];
}

/** What a person can do about something that is parked, waits, or is deferred. */
export function possibleActions(state: SagaState, target: Target): readonly OperatorAction[] {
  return ON_TARGET.filter((action) => {
    if (action === 'resume') return target === 'program' && isHeld(state);
    return !objection(state, action, target, { dueAt: 0, args: [] });
  });
}

/** Revision at which a target was parked, or began to wait as it does; undefined where it does neither. */
export function seenOf(state: SagaState, target: Target): number | undefined {
  const parked = state.parked.get(target);
  const step = target.startsWith('step:') ? state.steps.get(stepIdOf(target)) : undefined;
  return parked?.revision ?? (step && isWaiting(step) ? step.waitsSince : undefined);
}

function hasMoved(state: SagaState, target: Target, { seen }: Named): boolean {
  return seen !== undefined && seen !== seenOf(state, target);
}

/** Why a saga cannot be started again as another one; undefined where it can. */
export function whyNotAgain(state: SagaState): string | undefined {
  const status = statusOf(state);
  if (state.phase !== 'ended' || state.reopened) return 'it has not ended';
  return status === 'completed' ? 'it is completed' : undefined;
}

export function refusedCancel(state: SagaState): Answer | undefined {
  if (state.phase === 'new') return refusal('saga-not-found');
  if (state.phase === 'ended') return refusal('saga-ended', { status: statusOf(state) });
  if (state.phase === 'compensating' || state.cancel) return refusal('already-compensating');
  if (state.pivotPassed) return refusal('past-pivot');
  return undefined;
}

export function refusedOperator(state: SagaState, operator: Pick<Operator, 'action' | 'target'> & Named): Answer | undefined {
  const { action, target } = operator;
  const objected = objection(state, action, target, operator);
  if (!objected) return undefined;
  if ('code' in objected) return refusal(objected.code, objected.details);
  const onTarget: readonly string[] = target === undefined ? [] : possibleActions(state, target);
  const possible = (onTarget.length > 0 ? onTarget : sagaActions(state)).join(', ') || 'none';
  return refusal('action-not-possible', { target: target ?? 'the saga', action, why: objected.why, possible });
}

function objection(state: SagaState, action: OperatorAction, target: Target | undefined, named: Named): Objection | undefined {
  if (state.phase === 'new') return { code: 'saga-not-found' };
  if (state.phase === 'ended' && !state.reopened) return { code: 'saga-ended', details: { status: statusOf(state) } };
  switch (action) {
    case 'terminate':
      return undefined;
    case 'suspend':
      return state.heldSince === undefined ? undefined : { why: 'it is suspended already' };
    case 'resume':
      return isHeld(state) ? undefined : { code: 'not-parked', details: { target: 'the saga' } };
    case 'deadline':
      return againstDeadline(state, named);
    case 'move':
      return againstMove(state, target, named);
    default:
      return againstTarget(state, action, target, named);
  }
}

const STANDS_STILL = 'timers stand still while the saga is suspended';

/** While the saga is held its timers stand still: when a moved one would go on nobody could say. */
function againstMove(state: SagaState, target: Target | undefined, named: Named): Objection | undefined {
  const why = 'it waits for no time';
  if (!target?.startsWith('step:') || !state.timers.has(target) || !isWaiting(stepOf(state, stepIdOf(target)))) return { why };
  if (hasMoved(state, target, named)) return { code: 'target-moved', details: { target } };
  if (isHeld(state)) return { why: STANDS_STILL };
  return isTime(named.dueAt) ? undefined : { why: 'no time is named' };
}

function isWaiting(step: StepState): boolean {
  return step.status === 'waiting' || isInOtherHands(step);
}

/** Whoever has its task token will say how it ended; a child does so by itself. */
function isInOtherHands(step: StepState): boolean {
  return step.status === 'deferred' && !isChild(step);
}

function againstDeadline(state: SagaState, { dueAt }: Named): Objection | undefined {
  if (state.phase !== 'running') return { why: 'it has turned back' };
  if (state.deadlinePassed) return { why: 'its deadline has passed' };
  if (isHeld(state)) return { why: STANDS_STILL };
  if (dueAt === undefined) return state.deadlineAt === undefined ? { why: 'it has no deadline' } : undefined;
  return isTime(dueAt) ? undefined : { why: 'no time is named' };
}

function isTime(dueAt: number | undefined): boolean {
  return dueAt !== undefined && Number.isSafeInteger(dueAt) && dueAt >= 0;
}

function againstTarget(state: SagaState, action: OperatorAction, target: Target | undefined, named: Named): Objection | undefined {
  const parked = target && state.parked.get(target);
  const other = target?.startsWith('step:') ? state.steps.get(target.slice('step:'.length)) : undefined;
  const deferred = other && isInOtherHands(other);
  if (!target || (!parked && !deferred)) return { code: 'not-parked', details: { target: target ?? 'nothing' } };
  if (hasMoved(state, target, named)) return { code: 'target-moved', details: { target } };
  // Somebody else has it; a person may speak for them.
  if (deferred) return action === 'succeed' || action === 'fail' ? undefined : { why: 'its outcome comes by a task token' };
  if (target === 'program') return action === 'retry' ? undefined : { why: 'it is the saga’s own code that waits' };
  const step = stepOf(state, stepIdOf(target));
  const undoes = target.startsWith('compensation:');
  if (action === 'patch') return undoes ? againstUndoPatch(step, named) : againstPatch(state, step, named);
  if (step.kind === 'map' && action !== 'retry') return { why: 'its items are decided on one by one' };
  // A pivot, or a step of which the saga waits to know whether it goes on without it.
  const isAwaited = !undoes && (step.policy?.pivot || (isSealing(step) && state.phase === 'running'));
  if (action === 'fail' && !isAwaited) return { why: 'nothing waits for the word that it did not happen' };
  return action === 'skip' && !undoes && step.policy?.pivot ? { why: 'a pivot cannot be left undecided' } : undefined;
}

function againstPatch(state: SagaState, step: StepState, { args }: Named): Objection | undefined {
  if (!step.command) return { why: 'it asks nobody' };
  if (state.phase !== 'running') return { why: 'the saga has turned back: its outcome is wanted, not another action' };
  const map = mapOf(state, step.id);
  if (map && stepOf(state, map.step).status !== 'waiting') return { why: 'its map has failed: its outcome is wanted, not another action' };
  return Array.isArray(args) ? undefined : { why: 'no arguments are named' };
}

function againstUndoPatch(step: StepState, { args }: Named): Objection | undefined {
  const { undo, policy } = step;
  const own = policy?.compensation === 'saga';
  if (isChild(step) && !own) return { why: 'the saga that it started undoes what it did, by no arguments of ours' };
  if (own && !undo?.command) return { why: 'the saga’s own code did not come to say what to ask' };
  if (own && undo?.status === 'again') return { why: 'the saga’s own code is to say anew what to ask' };
  return Array.isArray(args) ? undefined : { why: 'no arguments are named' };
}

export function refusal(code: RefusalCode, details?: Readonly<Record<string, string>>): Answer {
  return { accepted: false, code, ...(details && { details }) };
}
