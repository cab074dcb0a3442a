/**
 * What follows from the facts.
 *
 * Invariants
 * H1  Before the pivot a failure, a cancel or the deadline turns the saga back; while a pivot's outcome is open they wait for it.
 * H2  Past the pivot nothing turns back: a failed step is parked for a person, a cancel is refused, the deadline is an alarm.
 * H3  What is ready to be undone is undone, whatever phase the saga is in.
 * H4  An action whose outcome is unknown is sealed at its own participant before the saga's own compensation runs elsewhere.
 */

import type { Draft } from '../decide.js';
import { recordError, SkaldError } from '../errors/errors.js';
import type { CompensationReason, SagaEnd } from '../history/events.js';
import type { Directive, Program } from '../program.js';
import { oldestSignal } from '../state/oldest-signal.js';
import { isHeld, type SagaState, type StepState, stepOf } from '../state/state.js';
import { recordAttributes } from './attributes.js';
import { catchFailure, resolve } from './catching.js';
import { failMap, gather, openItems, startMap, undoNextItems } from './mapping.js';
import { openStep, recorded, requestPatched, requestSeal, requestStep, requestUndo } from './requests.js';
import { isThrottled } from './slots.js';

/** Rounds of advancing without coming to rest that are taken for a program that never will. */
const MAX_ROUNDS = 100_000;

export function advance(draft: Draft, program: Program): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = draft.events.length;
    recordAttributes(draft, program);
    if (draft.state.phase === 'running') goForward(draft, program);
    undoWhatIsReady(draft, program);
    finish(draft);
    if (draft.events.length === before) return;
  }
  throw new SkaldError('too-many-directives', { sagaId: draft.state.sagaId });
}

function goForward(draft: Draft, program: Program): void {
  const { state } = draft;
  if (state.cancel && state.pivotPassed) return draft.emit('CancelRefused', { request: state.cancel.request });
  if (state.cancel || !isHeld(state)) sealPivots(draft);
  if (state.cancel) return turnBack(draft, { type: 'cancelled', reason: state.cancel.reason, by: state.cancel.by });
  if (isHeld(state)) return;
  if (state.deadlinePassed && !state.pivotPassed) return turnBack(draft, { type: 'deadline' });
  if (isThrottled(state)) return;
  for (const id of [...state.due]) requestStep(draft, stepOf(state, id));
  followPatches(draft);
  try {
    for (const directive of program.next(state)) {
      follow(draft, directive);
      // What one says may be the end of all others: the saga turns back, or stands still.
      if (state.phase !== 'running' || isHeld(state)) return;
    }
  } catch (thrown) {
    draft.emit('SagaSuspended', { target: 'program', error: recordError(thrown) });
  }
}

function follow(draft: Draft, directive: Directive): void {
  const { state } = draft;
  switch (directive.do) {
    case 'request':
      if (state.steps.has(directive.step)) return;
      return openStep(draft, directive);
    case 'sleep':
      return sleep(draft, directive);
    case 'await':
      return awaitSignal(draft, directive);
    case 'receive':
      return receive(draft, directive);
    case 'skip':
      if (state.steps.has(directive.step)) return;
      return draft.emit('StepSkipped', { step: directive.step, after: directive.after, reason: directive.reason });
    case 'choose': {
      if (state.steps.has(directive.step)) return;
      const { do: _do, ...choice } = directive;
      return draft.emit('ChoiceMade', choice);
    }
    case 'resolve':
      return resolve(draft, stepOf(state, directive.step));
    case 'catch':
      return catchFailure(draft, directive);
    case 'map':
      return startMap(draft, directive);
    case 'items':
      return openOrFail(draft, directive);
    case 'gather':
      return gather(draft, directive.step);
    case 'fail-map':
      return failMap(draft, directive);
    case 'complete':
      // A step that was left behind and succeeded after all is undone first.
      if (state.open > 0) return;
      return draft.emit('SagaCompleted', directive.output === undefined ? {} : { output: directive.output });
    case 'fail':
      return fail(draft, directive);
  }
}

function openOrFail(draft: Draft, directive: Extract<Directive, { do: 'items' }>): void {
  const error = openItems(draft, directive);
  if (error) fail(draft, { do: 'fail', error });
}

/** A time that has come already is not waited for. */
function sleep(draft: Draft, { step, after, until }: Extract<Directive, { do: 'sleep' }>): void {
  if (draft.state.steps.has(step)) return;
  draft.emit('TimerSet', { step, after, dueAt: until });
  if (until <= draft.at) draft.emit('TimerFired', { step });
}

function awaitSignal(draft: Draft, { step, after, signal, timeout, onTimeout }: Extract<Directive, { do: 'await' }>): void {
  const known = draft.state.steps.get(step);
  if (known && known.status !== 'due') return;
  draft.emit('SignalAwaited', {
    ...{ step, round: known?.round ?? 1, after, signal },
    ...(timeout !== undefined && { dueAt: draft.at + timeout }),
    ...(onTimeout === 'skip' && { onTimeout }),
  });
}

/** Another step may have taken the signal in the same round of advancing. */
function receive(draft: Draft, { step: id, id: signal, taken }: Extract<Directive, { do: 'receive' }>): void {
  const step = stepOf(draft.state, id);
  if (step.status !== 'waiting' || oldestSignal(draft.state, step)?.id !== signal) return;
  const { round, attempt } = step;
  switch (taken.as) {
    case 'result':
      return draft.emit('StepSucceeded', { step: id, round, ...(taken.result !== undefined && { result: taken.result }), signal });
    case 'failure':
      return draft.emit('StepFailed', { step: id, round, attempt, error: taken.error, kind: 'business', effect: 'none', signal });
    case 'discarded':
      return draft.emit('SignalDiscarded', { step: id, signal, error: taken.error });
  }
}

function fail(draft: Draft, { step, error }: Extract<Directive, { do: 'fail' }>): void {
  const { state } = draft;
  if (!state.pivotPassed) return turnBack(draft, { type: 'failed', error, ...(step !== undefined && { step }) });
  const target = step === undefined ? 'program' : (`step:${step}` as const);
  if (!state.parked.has(target)) draft.emit('SagaSuspended', { target, error });
}

/** Other arguments need another key, and that needs the present one closed: its participant tells the outcome, or sees that there is none. */
function followPatches(draft: Draft): void {
  const { state } = draft;
  for (const id of [...state.patches.keys()]) {
    const step = stepOf(state, id);
    if (state.parked.has(`step:${id}`)) continue;
    if (step.status === 'unknown' && !step.sealed) requestSeal(draft, step);
    else if (step.status === 'failed' && step.sealed) requestPatched(draft, step);
  }
}

/** A pivot is never left in doubt. */
function sealPivots(draft: Draft): void {
  const { state } = draft;
  for (const id of state.pivotsOpen) {
    const step = stepOf(state, id);
    if (step.status === 'unknown' && !step.sealed && !state.parked.has(`step:${id}`)) requestSeal(draft, step);
  }
}

/** Begins to compensate, or hurries the pivots whose outcome must be known first. */
function turnBack(draft: Draft, reason: CompensationReason): void {
  const { state } = draft;
  let open = false;
  for (const id of state.pivotsOpen) {
    const step = stepOf(state, id);
    if ((step.status === 'backoff' || step.status === 'due') && !step.doubt) continue;
    open = true;
    if (step.status === 'backoff' || step.status === 'due') requestSeal(draft, step);
  }
  if (!open) draft.emit('CompensationStarted', { reason });
}

function undoWhatIsReady(draft: Draft, program: Program): void {
  const { state } = draft;
  if (isHeld(state)) return;
  for (const id of [...state.undoReady]) undo(draft, program, stepOf(state, id));
  for (const map of state.maps.values()) undoNextItems(draft, map, (item) => undo(draft, program, item));
}

function undo(draft: Draft, program: Program, step: StepState): void {
  if (step.policy?.compensation !== 'saga') return requestUndo(draft, step);
  if (step.status === 'unknown' && !step.sealed) return requestSeal(draft, step);
  if (step.undo?.status === 'due' && step.undo.command) return requestUndo(draft, step);
  try {
    requestUndo(draft, step, recorded(program.compensation(draft.state, step)));
  } catch (thrown) {
    draft.emit('SagaSuspended', { target: `compensation:${step.id}`, error: recordError(thrown) });
  }
}

function finish(draft: Draft): void {
  const { state } = draft;
  if (state.open > 0 || isHeld(state)) return;
  if (state.phase === 'ended') {
    if (state.reopened && state.end) endAgain(draft, state.end, state.withSkips);
  } else if (state.phase === 'compensating') end(draft, state);
}

/** After a late success was undone the saga ends as it had ended, and says so if something was skipped meanwhile. */
function endAgain(draft: Draft, end: SagaEnd, withSkips: boolean): void {
  if (end.type === 'SagaCompensated' || end.type === 'SagaCancelled') draft.emit(end.type, withSkips ? { withSkips } : end.data);
  else draft.emit(end.type, end.data);
}

function end(draft: Draft, state: SagaState): void {
  const flags = state.withSkips ? ({ withSkips: true } as const) : {};
  const reason = state.compensation;
  if (reason?.type === 'cancelled') return draft.emit('SagaCancelled', flags);
  if (state.undone || state.withSkips || reason?.type === 'withdrawn') return draft.emit('SagaCompensated', flags);
  const error = reason?.type === 'failed' ? reason.error : { name: 'DeadlinePassed', message: 'the deadline passed' };
  draft.emit('SagaFailed', { error });
}
