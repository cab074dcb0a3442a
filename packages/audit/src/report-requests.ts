/** What was asked of whom in one saga, what came of it, and what was undone, by whom. */
import { childOf, type ErrorRecord, itemsOf, mapOf, type SagaEvent, type SagaState, type StepState, standsAfterAll } from '@skald/kernel';
import { dateTime } from './report-words.js';

/** Something that was asked of somebody: a step, and what became of it. */
export interface ReportedRequest {
  readonly step: string;
  /** The service that was asked, and for what; absent where the step only waits, was never asked, or nothing of that is on record. */
  readonly asked?: { readonly participant: string; readonly action: string; readonly arguments: readonly unknown[] };
  /** The saga that it started. */
  readonly child?: string;
  /** For what it waits, in words, where it asks nobody. */
  readonly waitsFor?: string;
  /** It asks nobody: its branch, which is its result, is chosen by rules. */
  readonly chooses?: true;
  /** The step of many items that this is one of. */
  readonly itemOf?: string;
  /** Of a step of many items, how they stand. */
  readonly items?: ReportedItems;
  readonly at: number;
  readonly settledAt?: number;
  /** How often it was asked. */
  readonly attempts: number;
  /** stopped: it waited when the saga turned back or was ended. */
  readonly outcome: 'succeeded' | 'failed' | 'unknown' | 'skipped' | 'stopped' | 'pending';
  /** It failed, and the saga went on without it, or with another step in its place. */
  readonly wentOn?: 'without' | { readonly by: string };
  /** Who sent the signal that it took. */
  readonly answeredBy?: string;
  readonly result?: unknown;
  readonly error?: ErrorRecord;
  readonly undone?: ReportedUndoing;
  /** The point of no return: it happened after the saga had turned back, on the word that it had not, and nothing undoes it. */
  readonly stands?: true;
}

/** `nobody`: an operator chose to leave it. `who`: the service, or the operator. */
export interface ReportedUndoing {
  readonly at: number;
  readonly by: 'service' | 'operator' | 'nobody';
  readonly who?: string;
  readonly reason?: string;
  readonly nothingToUndo: boolean;
}

export interface ReportedItems {
  readonly count: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly undone: number;
}

interface Timed {
  at: number;
  settledAt?: number;
  attempts: number;
  answeredBy?: string;
  undone?: ReportedUndoing;
}

export function requestsOf(history: readonly SagaEvent[], state: SagaState): ReportedRequest[] {
  const times = timesOf(history, state);
  return [...state.steps.values()].map((step) => requestOf(step, times.get(step.id), state));
}

function requestOf(step: StepState, timed: Timed | undefined, state: SagaState): ReportedRequest {
  const { id, command, signal, result, error } = step;
  const outcome = outcomeOf(step);
  const child = childSagaOf(state, step);
  const map = mapOf(state, id)?.step;
  const items = itemCounts(id, state);
  return {
    step: id,
    ...(command && { asked: { participant: command.participant, action: command.action, arguments: command.args } }),
    ...(child !== undefined && { child }),
    ...(signal !== undefined && { waitsFor: `“${signal}”` }),
    ...(step.kind === 'timer' && { waitsFor: `the time: ${dateTime(step.dueAt)}` }),
    ...(step.kind === 'choice' && { chooses: true }),
    ...(map !== undefined && { itemOf: map }),
    ...(items && { items }),
    ...(timed ?? { at: state.startedAt, attempts: step.attempt }),
    outcome,
    ...(step.status === 'caught' && { wentOn: step.caughtBy === undefined ? 'without' : { by: step.caughtBy } }),
    ...(result !== undefined && { result }),
    ...(error && outcome !== 'succeeded' && { error }),
    ...(standsAfterAll(state, step) && { stands: true }),
  };
}

/** The saga that a step has started. */
export function childSagaOf(state: SagaState, step: StepState): string | undefined {
  return step.command && childOf(state, step, step.command)?.sagaId;
}

function itemCounts(id: string, state: SagaState): ReportedItems | undefined {
  const map = state.maps.get(id);
  if (!map) return undefined;
  const items = [...itemsOf(state, map)];
  const count = (is: (step: StepState) => boolean) => items.filter(is).length;
  return {
    count: map.count,
    succeeded: count(({ status }) => status === 'succeeded'),
    failed: count((step) => outcomeOf(step) === 'failed'),
    undone: count(({ undo }) => undo?.status === 'done'),
  };
}

function timesOf(history: readonly SagaEvent[], state: SagaState): Map<string, Timed> {
  const times = new Map<string, Timed>();
  const senders = new Map<string, string>();
  for (const event of history) {
    if (event.type === 'SignalReceived') senders.set(event.data.id, event.data.by ?? 'somebody');
    else if (event.type === 'OperatorIntervened') intervened(times, event);
    else if (event.type === 'ExpressSagaEnded') summarized(times, event);
    else if ('step' in event.data && event.data.step !== undefined) note(times, event, event.data.step, { state, senders });
  }
  return times;
}

type Of<Type extends SagaEvent['type']> = Extract<SagaEvent, { readonly type: Type }>;

function intervened(times: ReadonlyMap<string, Timed>, { at, data }: Of<'OperatorIntervened'>): void {
  const { target = '', action, by, reason } = data;
  const timed = times.get(target.slice(target.indexOf(':') + 1));
  if (!timed || action === 'retry' || action === 'patch') return;
  if (target.startsWith('compensation:')) {
    timed.undone = { at, by: action === 'succeed' ? 'operator' : 'nobody', who: by, reason, nothingToUndo: false };
  }
  if (target.startsWith('step:') && action !== 'move') timed.settledAt = at;
}

/** All that is kept of an express saga: no times, and nobody who undid anything. */
function summarized(times: Map<string, Timed>, { at, data }: Of<'ExpressSagaEnded'>): void {
  for (const { step, attempts, undone } of data.steps) {
    const by = undone && ({ at, by: 'service', nothingToUndo: false } as const);
    times.set(step, { at: data.startedAt, attempts, ...(by && { undone: by }) });
  }
}

interface Known {
  readonly state: SagaState;
  readonly senders: ReadonlyMap<string, string>;
}

function note(times: Map<string, Timed>, event: SagaEvent, id: string, { state, senders }: Known): void {
  const { type, at, data } = event;
  const timed = times.get(id) ?? { at, attempts: 0 };
  times.set(id, timed);
  if (type === 'StepRequested') timed.attempts += 1;
  const by = 'signal' in data && (type === 'StepSucceeded' || type === 'StepFailed') ? senders.get(String(data.signal)) : undefined;
  if (by !== undefined) timed.answeredBy = by;
  if (type === 'CompensationSucceeded') {
    const step = state.steps.get(id);
    const who = step && (childSagaOf(state, step) ?? (step.undo?.command ?? step.command)?.participant);
    timed.undone = { at, by: 'service', ...(who !== undefined && { who }), nothingToUndo: !data.executed };
  }
  if (SETTLING.has(type)) timed.settledAt = at;
}

const SETTLING: ReadonlySet<string> = new Set<SagaEvent['type']>([
  ...(['StepSucceeded', 'StepFailed', 'StepTimedOut', 'StepSkipped', 'StepSealed', 'TimerFired', 'MapCompleted', 'MapFailed'] as const),
]);

function outcomeOf({ status }: StepState): ReportedRequest['outcome'] {
  switch (status) {
    case 'succeeded':
    case 'failed':
    case 'unknown':
    case 'skipped':
    case 'stopped':
      return status;
    case 'caught':
      return 'failed';
    default:
      return 'pending';
  }
}
