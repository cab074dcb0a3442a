import type { SagaEvent, SagaState } from '@skald/kernel';
import { EXPIRED, statusOf } from '@skald/kernel';

/** How often the hard cases were reached, so that nobody need wonder whether a generator ever gets there. */
export type Coverage = Record<string, number>;

export function count(coverage: Coverage, name: string): void {
  coverage[name] = (coverage[name] ?? 0) + 1;
}

export function countHistory(coverage: Coverage, history: readonly SagaEvent[], state: SagaState): void {
  count(coverage, `end: ${statusOf(state)}`);
  coverage['events'] = (coverage['events'] ?? 0) + history.length;
  for (const step of state.steps.values()) if (step.status === 'stopped') count(coverage, `${step.kind} stopped`);
  if (state.slot === 'asked') count(coverage, `ended without a slot: ${statusOf(state)}`);
  countPairs(coverage, history, state);
  let ended = false;
  for (const event of history) {
    const name = interesting(event, ended);
    if (name !== undefined) count(coverage, name);
    if (/^Saga(Completed|Compensated|Failed|Cancelled)$/.test(event.type)) {
      if (ended) count(coverage, `ended again: ${event.type}`);
      ended = true;
    }
  }
}

/** What is seen only by looking at more than one event. */
function countPairs(coverage: Coverage, history: readonly SagaEvent[], state: SagaState): void {
  countCaught(coverage, history);
  countProbed(coverage, history);
  const awaited = new Set<string>();
  const expired = new Set<string>();
  const patched = new Set<string>();
  countDeferrals(coverage, history);
  for (const { type, data } of history) {
    if (type === 'SagaSuspended' && data.error.name.startsWith('choice-')) count(coverage, data.error.name);
    if (type === 'SignalAwaited') {
      if (data.round > 1) count(coverage, 'signal awaited anew');
      awaited.add(data.signal);
    }
    if (type === 'OperatorIntervened' && data.action === 'patch' && data.target?.startsWith('step:')) patched.add(data.target.slice(5));
    if (type === 'StepSealRequested' && patched.has(data.step)) count(coverage, 'patched, its key to be closed first');
    if (type === 'StepSucceeded' && patched.has(data.step) && data.round === 1) count(coverage, 'patched, and had happened');
    if (type === 'StepRequested' && patched.delete(data.step)) count(coverage, 'patched and asked anew');
    if (type === 'StepFailed' && data.error.name === EXPIRED) expired.add(data.step);
    if (type === 'StepRetryScheduled' && expired.delete(data.step)) count(coverage, 'expired and tried again');
    if (type === 'SignalReceived' && !awaited.has(data.name)) count(coverage, 'signal early');
    if (type === 'StepTimedOut' && state.steps.get(data.step)?.kind === 'signal') count(coverage, 'signal step timed out');
  }
}

/** A step that was sealed before the verdict, and had happened. */
function countProbed(coverage: Coverage, history: readonly SagaEvent[]): void {
  const sealing = new Set<string>();
  for (const { type, data } of history) {
    if (type === 'CompensationStarted') return;
    if (type === 'StepSealRequested') sealing.add(data.step);
    if (type === 'StepSucceeded' && !data.late && sealing.has(data.step)) count(coverage, 'probed, and went on');
  }
}

function countCaught(coverage: Coverage, history: readonly SagaEvent[]): void {
  const doubtful = new Set<string>();
  const pivots = new Set<string>();
  const caught = new Map<string, string | undefined>();
  let passed = false;
  let turned = false;
  for (const { type, data } of history) {
    if (type === 'StepRequested' && data.opens?.policy?.pivot) pivots.add(data.step);
    if (type === 'StepSealed' && data.doubt) doubtful.add(data.step);
    if (type === 'StepSucceeded' && pivots.has(data.step)) passed = true;
    if (type === 'StepSucceeded' && caught.has(data.step)) count(coverage, 'success of a step that was caught');
    if (type === 'CompensationStarted') {
      turned = true;
      if (caught.size > 0) count(coverage, 'turned back after a failure was caught');
    }
    if (type === 'StepSealRequested' && !turned && !pivots.has(data.step)) count(coverage, 'resolved before the verdict');
    if (type === 'StepRequested' && [...caught.values()].includes(data.step) && data.opens) count(coverage, 'fallback began');
    if (type !== 'StepFailureCaught') continue;
    caught.set(data.step, data.by);
    if (doubtful.has(data.step)) count(coverage, 'caught in doubt');
    if (pivots.has(data.step)) count(coverage, 'pivot caught');
    if (passed) count(coverage, 'caught past the pivot');
  }
}

function countDeferrals(coverage: Coverage, history: readonly SagaEvent[]): void {
  const children = new Set(history.flatMap(({ type, data }) => (type === 'StepRequested' && data.opens?.command.child ? [data.step] : [])));
  for (const { type, data } of history) {
    if (type === 'ChildAskedAgain') count(coverage, `child asked again: ${data.target.replace(/:.*/, '')}`);
    if (!('step' in data) || typeof data.step !== 'string' || !children.has(data.step)) continue;
    if (type === 'CompensationFailed' || (type === 'StepFailed' && data.kind === 'technical'))
      count(coverage, `child: ${type} ${data.error.name}`);
    else count(coverage, `child: ${type}`);
  }
  const deferred = new Set<string>();
  let turned = false;
  for (const { type, data } of history) {
    if (type === 'StepDeferred') deferred.add(data.step);
    if (type === 'StepDeferred' && turned) count(coverage, 'deferred when the saga had turned back');
    if (type === 'StepTimedOut' && !data.heartbeat && deferred.delete(data.step)) count(coverage, 'deferred too long');
    if (type === 'StepSucceeded' && !deferred.delete(data.step) && data.task) count(coverage, 'task completed before the word later');
    if (type === 'CompensationStarted') {
      turned = true;
      if (deferred.size > 0) count(coverage, 'turned back while a step was deferred');
    }
    if (type === 'StepFailed' && data.task) deferred.delete(data.step);
    if (type === 'StepRequested' && data.round > 1 && deferred.has(data.step)) deferred.delete(data.step);
  }
}

function interesting(event: SagaEvent, ended: boolean): string | undefined {
  switch (event.type) {
    case 'SlotGranted':
      return 'slot granted';
    case 'StepSucceeded':
      if (event.data.afterUndo !== undefined) return `success after undo${ended ? ', after the end' : ''}`;
      if (event.data.signal !== undefined) return 'signal taken';
      if (event.data.task) return 'task completed';
      return event.data.late && `late success${ended ? ', after the end' : ''}`;
    case 'StepRequested':
      if (event.data.round > 1 && event.data.attempt === 1) return 'new round of a step';
      return event.data.attempt > 1 ? 'step retried' : undefined;
    case 'StepFailed':
      if (event.data.signal !== undefined) return 'signal said no';
      if (event.data.task) return 'task failed';
      if (event.data.error.name === EXPIRED) return `expired, effect ${event.data.effect}`;
      return `step failed: ${event.data.kind}, effect ${event.data.effect}`;
    case 'StepTimedOut':
      return event.data.heartbeat ? 'heartbeat missed' : 'step timed out';
    case 'StepDeferred':
      return 'step deferred';
    case 'HeartbeatReceived':
      return 'heartbeat recorded';
    case 'StepSkipped':
      if (event.data.reason === 'guard') return 'step skipped by its guard';
      if (event.data.reason.includes(' took ')) return 'branch not taken';
      return event.data.reason === 'timeout' ? 'signal step skipped at its timeout' : 'alternative not needed';
    case 'ChoiceMade':
      return `choice took ${event.data.chosen}`;
    case 'StepFailureCaught':
      return event.data.by === undefined ? 'caught, and done without' : 'caught, with a step in its place';
    case 'StepSealed':
      return event.data.doubt ? 'sealed in doubt' : 'sealed';
    case 'StepSealFailed':
      return event.data.retryAt === undefined ? 'seal gave up' : 'seal failed';
    case 'CompensationStarted':
      return `turned back: ${event.data.reason.type}`;
    case 'CompensationRequested':
      if (event.data.round > 1 && event.data.attempt === 1) return 'undone once more';
      return event.data.command && event.data.attempt === 1 ? 'own compensation' : undefined;
    case 'CompensationSucceeded':
      return event.data.executed ? 'undo executed' : 'undo found nothing';
    case 'CompensationFailed':
      return event.data.retryAt === undefined ? 'undo gave up' : 'undo failed';
    case 'SagaSuspended':
      return `suspended: ${event.data.target.replace(/:.*/, '')}${ended ? ', after the end' : ''}`;
    case 'OperatorIntervened':
      return `operator: ${event.data.action} ${event.data.target?.replace(/:.*/, '') ?? ''}`.trimEnd();
    case 'RequestRefused':
      return `refused for good: ${event.data.action}`;
    case 'AttributesSet':
      return event.data.errors ? 'attributes set, one in error' : 'attributes set';
    case 'CancelRequested':
    case 'CancelRefused':
      return event.type;
    case 'SignalReceived':
      return 'signal received';
    case 'SignalDiscarded':
      return 'signal discarded';
    case 'TimerSet':
      return event.data.dueAt <= event.at ? 'timer whose time has come' : 'timer set';
    case 'TimerFired':
      return 'timer fired';
    case 'DeadlinePassed':
      return event.data.pastPivot ? 'deadline past the pivot' : 'deadline';
    default:
      return undefined;
  }
}
