import type {
  CompensationReason,
  DataOf,
  OperatorIntervened,
  SagaEnd,
  SagaEvent,
  StepOpening,
  StepPolicy,
  Target,
} from '../history/events.js';
import type { SagaParent } from '../messages.js';
import { beginMap, type MapRecord, mapIdOf, triedAgain } from './map-record.js';
import { operatorOnStep, operatorOnUndo } from './operator-record.js';
import { SignalRecord } from './signal-record.js';
import { askedAgain, deferred, deferUntil, isOver, rest, turnBackStep, undone } from './step-course.js';
import { isInFlight, newRecord, type StepRecord, settleWithout } from './step-record.js';

/**
 * A history read so far, for the laws to look at. It is a second reading, written apart from `evolve` on purpose: the two are checked
 * against each other, so neither may lean on the other.
 */
export class Chronicle {
  events = 0;
  summaryOnly = false;
  readonly steps = new Map<string, StepRecord>();
  readonly choices = new Set<string>();
  /** Steps whose failure was caught, by the step in their place. */
  readonly standIns = new Map<string, StepRecord>();
  readonly maps = new Map<string, MapRecord>();
  readonly requests = new Set<string>();
  readonly parked = new Set<Target>();
  slot: 'none' | 'asked' | 'held' = 'none';
  readonly signals = new SignalRecord();
  held = false;
  turnedBack: CompensationReason | undefined;
  end: SagaEnd | undefined;
  /** A success has come since the last end. */
  reopened = false;
  /** The saga that started it, and by which round of its compensation it is withdrawn. */
  parent: SagaParent | undefined;
  withdrawn = -1;
  pivotSucceeded = false;
  cancelPending = false;
  deadlineAt: number | undefined;
  deadlinePassed = false;
  undoRequested = false;
  /** Since when an operator or the program's failure has kept the saga from going on. */
  #stillSince: number | undefined;
  readonly #policies = new Map<string, StepPolicy>();
  attributes: DataOf<'AttributesSet'> = { attributes: {} };
  /** An operator left something standing. */
  skips = false;

  write(event: Exclude<SagaEvent, { readonly type: 'ExpressSagaEnded' }>): void {
    this.events += 1;
    switch (event.type) {
      case 'SagaStarted':
        this.deadlineAt = event.data.deadlineAt;
        this.parent = event.data.parent;
        if (event.data.limited) this.slot = 'asked';
        return;
      case 'SlotGranted':
        this.slot = 'held';
        return;
      case 'WithdrawnByParent':
        this.withdrawn = event.data.round;
        return;
      case 'ChildAskedAgain':
        return askedAgain(this.steps, event.data);
      case 'StepRequested':
        return this.#requested(event.data);
      case 'StepSkipped':
        return void this.#skipped(event.data);
      case 'SignalReceived':
        return this.signals.receive(event.data.name, event.data.id);
      case 'SignalAwaited':
        return this.#awaited(event.data);
      case 'ChoiceMade':
        this.choices.add(event.data.step);
        Object.assign(this.#add(event.data.step, event.data.after, false, false), { outcome: 'succeeded', success: true });
        return;
      case 'MapStarted':
        return beginMap(this.maps, this.#add(event.data.step, event.data.after, false, false), event.data);
      case 'TimerSet':
        return this.#timerSet(event.data);
      case 'CompensationStarted':
        return this.#turnBack(event.data.reason);
      case 'SagaSuspended':
        this.parked.add(event.data.target);
        if (event.data.target === 'program') this.#stillSince ??= event.at;
        return;
      case 'OperatorIntervened':
        return this.#operator(event);
      case 'RequestRefused':
      case 'CancelRequested':
        this.requests.add(event.data.request);
        this.cancelPending ||= event.type === 'CancelRequested';
        return;
      case 'CancelRefused':
        this.cancelPending = false;
        return;
      case 'DeadlinePassed':
        this.deadlinePassed = true;
        return;
      case 'AttributesSet':
        this.attributes = event.data;
        return;
      case 'SagaCompleted':
      case 'SagaCompensated':
      case 'SagaFailed':
      case 'SagaCancelled':
      case 'SagaTerminated':
        return void Object.assign(this, { end: event, reopened: false });
      default:
        return this.#outcome(event);
    }
  }

  #outcome(event: SagaEvent & { readonly data: { readonly step: string } }): void {
    const step = this.steps.get(event.data.step);
    if (!step) return;
    switch (event.type) {
      case 'SignalDiscarded':
        return this.signals.take(step.signal, event.data.signal);
      case 'StepSucceeded':
        this.signals.take(step.signal, event.data.signal);
        return this.#succeeded(step, event.data);
      case 'StepFailed':
        this.signals.take(step.signal, event.data.signal);
        step.doubt = event.data.kind === 'technical' && (step.doubt || step.pivot || event.data.effect === 'unknown');
        step.mayOpenRound = event.data.kind !== 'technical' || isOver(step, event.data.error.name);
        return this.#rest(step);
      case 'StepDeferred':
        this.parked.delete(`step:${step.id}`);
        return deferred(step, event.data, this.turnedBack !== undefined);
      case 'HeartbeatReceived':
        return deferUntil(step, step.deferredUntil, event.data.heartbeatAt);
      case 'StepTimedOut':
        step.doubt = step.waits === undefined;
        step.abandoned = step.deferred;
        return this.#rest(step);
      case 'StepRetryScheduled':
        Object.assign(step, { outcome: 'waiting', notBefore: event.data.dueAt });
        return;
      case 'MapFailed':
        step.outcome = 'failed';
        for (const item of triedAgain(this.maps.get(step.id))) this.#rest(item);
        return;
      case 'StepFailureCaught':
        if (event.data.by !== undefined) this.standIns.set(event.data.by, step);
        for (const item of this.maps.get(step.id)?.items ?? []) settleWithout(item);
        return settleWithout(step);
      case 'MapCompleted':
      case 'TimerFired':
        Object.assign(step, { outcome: 'succeeded', success: true });
        return;
      case 'StepSealRequested':
        Object.assign(step, { outcome: 'awaited', seal: 'asked', doubt: true, attempt: event.data.attempt, notBefore: event.data.dueAt });
        return;
      case 'StepSealed':
        Object.assign(step, { seal: 'sealed', doubt: event.data.doubt === true, mayOpenRound: true });
        if (step.doubt) step.patchedIn = undefined;
        this.parked.delete(`step:${step.id}`);
        return this.#rest(step);
      case 'StepSealFailed':
        Object.assign(step, { outcome: 'waiting', seal: 'failed', notBefore: event.data.retryAt ?? 0 });
        return;
      case 'CompensationRequested':
        return this.#undoRequested(step, event.data);
      case 'CompensationSucceeded':
        this.parked.delete(`compensation:${step.id}`);
        return undone(step, event.data);
      case 'CompensationFailed':
        Object.assign(step.undo, { state: 'failed', notBefore: event.data.retryAt ?? 0 });
    }
  }

  policyOf(opening: StepOpening): StepPolicy | undefined {
    return opening.policy ?? this.#policies.get(opening.policyOf ?? '');
  }

  isPivot(opening: StepOpening): boolean {
    return this.policyOf(opening)?.pivot ?? false;
  }

  #add(id: string, after: readonly string[], pivot: boolean, ownCompensation: boolean): StepRecord {
    const step = newRecord(id, after, pivot, ownCompensation);
    this.steps.set(id, step);
    for (const dependency of after) this.steps.get(dependency)?.dependents.push(step);
    const map = this.maps.get(mapIdOf(id) ?? '');
    map?.items.push(step);
    if (map) step.dependents.push(map.step);
    return step;
  }

  #requested(data: DataOf<'StepRequested'>): void {
    const { opens } = data;
    const step = opens
      ? this.#add(data.step, opens.after, this.isPivot(opens), this.policyOf(opens)?.compensation === 'saga')
      : this.steps.get(data.step);
    if (opens?.policy) this.#policies.set(data.step, opens.policy);
    if (!step) return;
    if (opens) Object.assign(step, { callback: this.policyOf(opens)?.callback, child: opens.command.child !== undefined });
    Object.assign(step, { abandoned: false, patchedIn: undefined });
    if (data.round !== step.round) Object.assign(step, { success: false, doubt: false, seal: 'none', mayOpenRound: false });
    step.round = data.round;
    step.attempt = data.attempt;
    step.outcome = 'awaited';
    step.standing = 'maybe';
    step.notBefore = data.dueAt;
  }

  #skipped({ step: id, after }: DataOf<'StepSkipped'>): void {
    const step = this.steps.get(id) ?? this.#add(id, after, false, false);
    step.outcome = 'skipped';
  }

  #awaited({ step: id, round, after, signal, dueAt }: DataOf<'SignalAwaited'>): void {
    const step = this.steps.get(id) ?? this.#add(id, after, false, false);
    Object.assign(step, { waits: 'signal', signal, round, attempt: 1, outcome: 'awaited', success: false, mayOpenRound: false });
    step.notBefore = dueAt ?? Number.POSITIVE_INFINITY;
  }

  #timerSet({ step: id, after, dueAt }: DataOf<'TimerSet'>): void {
    Object.assign(this.#add(id, after, false, false), { waits: 'time', notBefore: dueAt });
  }

  #rest(step: StepRecord): void {
    rest(step);
    if (!step.doubt) this.parked.delete(`step:${step.id}`);
  }

  #succeeded(step: StepRecord, data: DataOf<'StepSucceeded'>): void {
    const behind = this.end !== undefined || step.outcome === 'skipped' || step.outcome === 'caught';
    step.late = behind || this.turnedBack !== undefined;
    step.outOfTurn ||= step.late && (behind || (!isInFlight(step) && (step.standing === 'nothing' || step.standing === 'left')));
    if (!behind || this.turnedBack) step.outcome = 'succeeded';
    step.success = true;
    Object.assign(step, { deferred: false, patchedIn: undefined });
    step.standing = data.compensable === false || step.waits ? 'nothing' : step.undo.state === 'skipped' ? 'left' : 'effect';
    if (step.undo.state === 'asked' || step.undo.state === 'failed') step.undo.crossed = data.afterUndo === undefined ? 'beside' : 'after';
    if (step.undo.state === 'through') step.undo.again = true;
    if (step.pivot && !step.late) this.pivotSucceeded = true;
    if (this.end) this.reopened = true;
    this.parked.delete(`step:${step.id}`);
  }

  #turnBack(reason: CompensationReason): void {
    this.turnedBack = reason;
    this.end = undefined;
    this.reopened = false;
    this.held = false;
    this.#stillSince = undefined;
    for (const target of this.parked) if (!target.startsWith('compensation:')) this.parked.delete(target);
    for (const step of this.steps.values()) {
      turnBackStep(step);
    }
  }

  #undoRequested(step: StepRecord, data: DataOf<'CompensationRequested'>): void {
    this.undoRequested = true;
    if (data.round !== step.undo.round) step.undo.crossed = 'no';
    Object.assign(step.undo, { round: data.round, attempt: data.attempt, state: 'asked', again: false, notBefore: data.dueAt });
  }

  #operator({ at, data: { action, target, request, dueAt } }: OperatorIntervened): void {
    this.requests.add(request);
    if (action === 'suspend') {
      this.held = true;
      this.#stillSince ??= at;
    } else if (action === 'deadline') this.deadlineAt = dueAt;
    else if (action === 'resume' || target === 'program') this.#goOn(at);
    else if (action === 'move' && target) {
      const step = this.steps.get(target.slice('step:'.length));
      if (step?.deferred) deferUntil(step, dueAt ?? 0, step.heartbeatAt);
      else if (step) step.notBefore = dueAt ?? 0;
    } else if (target) {
      this.parked.delete(target);
      const step = this.steps.get(target.slice(target.indexOf(':') + 1));
      if (step && target.startsWith('step:')) operatorOnStep(this, step, action);
      else if (step) operatorOnUndo(this, step, action);
    }
  }

  /** What waits for a time waits longer by as long as the saga stood still. */
  #goOn(at: number): void {
    const stood = Math.max(0, at - (this.#stillSince ?? at));
    for (const step of this.steps.values()) {
      if (step.waits && step.outcome === 'awaited') step.notBefore += stood;
      if (step.deferred) deferUntil(step, step.deferredUntil + stood, step.heartbeatAt + stood);
    }
    this.held = false;
    this.parked.delete('program');
    this.#stillSince = undefined;
  }
}
