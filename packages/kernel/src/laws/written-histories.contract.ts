/** Events as a test of the laws writes them down. */

import { DEFAULT_RETRY } from '../definition/retry.js';
import type { DataOf, EventType, SagaEvent } from '../history/events.js';

export function event<Type extends EventType>(type: Type, data: DataOf<Type>, at = 0): SagaEvent {
  return { type, at, data } as SagaEvent;
}

export interface StepOptions {
  readonly after?: readonly string[];
  readonly pivot?: boolean;
  readonly own?: boolean;
  readonly callback?: { readonly timeout: number; readonly heartbeat?: number };
  readonly child?: { readonly version: number };
}

export const final = { kind: 'business', effect: 'none' } as const;
export const error = { name: 'Declined', message: 'no' };
export const start = event('SagaStarted', {
  ...{ sagaId: 'm-1', saga: 'm', version: 1, incarnation: 'i', input: {}, inputHash: 'h', request: 'r', deadlineAt: 500 },
});
export const command = { participant: 'p', action: 'a', args: [] };

export const TIMES = { timeout: 100, retry: DEFAULT_RETRY, compensationTimeout: 100, compensationRetry: DEFAULT_RETRY };

export function opens(step: string, { after = [], pivot = false, own = false, callback, child }: StepOptions = {}): SagaEvent {
  const compensation = own ? ('saga' as const) : ('participant' as const);
  const policy = { ...(callback && { callback }), ...TIMES, pivot, compensation };
  return event('StepRequested', {
    step,
    round: 1,
    attempt: 1,
    dueAt: 100,
    opens: { after, command: { ...command, ...(child && { child }) }, policy },
  });
}

export const again = (step: string, attempt: number, round = 1, at = 100) =>
  event('StepRequested', { step, round, attempt, dueAt: at + 100 }, at);
export const succeeded = (step: string, more: { late?: true; compensable?: false } = {}) =>
  event('StepSucceeded', { step, round: 1, ...more });
export const failed = (step: string) => event('StepFailed', { step, round: 1, attempt: 1, error, kind: 'business', effect: 'none' });
export const timedOut = (step: string, attempt = 1, at = 100) => event('StepTimedOut', { step, round: 1, attempt }, at);
export const retry = (step: string, attempt: number, round = 1, dueAt = 100) =>
  event('StepRetryScheduled', { step, round, attempt, dueAt });
export const turned = (step: string) => event('CompensationStarted', { reason: { type: 'failed', step, error } });
export const undo = (step: string, round = 1, attempt = 1) => event('CompensationRequested', { step, round, attempt, dueAt: 300 });
export const ownUndo = (step: string) => event('CompensationRequested', { step, round: 1, attempt: 1, dueAt: 300, command });
export const undone = (step: string, round = 1) => event('CompensationSucceeded', { step, round, executed: true });
export const callback = { timeout: 90, heartbeat: 30 };
export const deferred = (step: string) => event('StepDeferred', { step, round: 1, attempt: 1, dueAt: 90, heartbeatAt: 30 });
export const heartbeat = (step: string, heartbeatAt: number) => event('HeartbeatReceived', { step, round: 1, heartbeatAt });
export const byToken = (step: string) => event('StepSucceeded', { step, round: 1, task: true });
export const missed = (step: string, at: number) => event('StepTimedOut', { step, round: 1, attempt: 1, heartbeat: true }, at);
export const child = { version: 1 };
export const opensChild = (step: string) => opens(step, { child });
export const askedAgain = (target: `step:${string}` | `compensation:${string}`, at: number, dueAt = at + 200) =>
  event('ChildAskedAgain', { target, dueAt }, at);
export const withdrawn = (round = 1) => event('WithdrawnByParent', { round });
export const undoneForParent = event('CompensationStarted', { reason: { type: 'withdrawn', by: 'p-1' } });
export const startedByParent = event('SagaStarted', {
  ...{ sagaId: 'm-1', saga: 'm', version: 1, incarnation: 'i', input: {}, inputHash: 'h', request: 'r' },
  parent: { sagaId: 'p-1', incarnation: 'i', step: 's', round: 1 },
});
export const parked = (target: `step:${string}` | 'program') => event('SagaSuspended', { target, error });
export const timerSet = (step: string, dueAt = 50) => event('TimerSet', { step, after: [], dueAt });
export const fired = (step: string, at = 50) => event('TimerFired', { step }, at);
export const received = (id: string) => event('SignalReceived', { id, name: 'say' });
export const awaited = (step: string, round = 1) =>
  event('SignalAwaited', { step, round, after: [], signal: 'say', dueAt: 50, onTimeout: 'skip' });
export const took = (step: string, signal: string) => event('StepSucceeded', { step, round: 1, signal });
export const skipped = (step: string, at: number) => event('StepSkipped', { step, after: [], reason: 'timeout' }, at);
export const attributes = (set: DataOf<'AttributesSet'>['attributes'], errors?: Readonly<Record<string, string>>) =>
  event('AttributesSet', { attributes: set, ...(errors && { errors }) });
export const seal = (step: string, attempt = 2) => event('StepSealRequested', { step, round: 1, attempt, dueAt: 300 });
export const sealed = (step: string, doubt?: true) => event('StepSealed', { step, round: 1, ...(doubt && { doubt }) });
export const caught = (step: string, by?: string) => event('StepFailureCaught', { step, error, ...(by !== undefined && { by }) });
export const chosen = (step: string, taken: string, notTaken: readonly string[]) =>
  event('ChoiceMade', { step, after: [], chosen: taken, notTaken });
export const map = (count: number, concurrency = 1, tolerated = 0) =>
  event('MapStarted', { step: 'm', after: [], count, concurrency, tolerated });
export const gathered = event('MapCompleted', { step: 'm' });
export const mapFailed = event('MapFailed', { step: 'm', error });
export const cancel = (request = 'c') => event('CancelRequested', { request, reason: 'why', by: 'me' });
export const completed = event('SagaCompleted', {});
export const compensated = event('SagaCompensated', {});
export const failedSaga = event('SagaFailed', { error });
export const terminated = event('SagaTerminated', { request: 't', by: 'me', reason: 'why' });

export function expressEnded(end: 'SagaCompleted' | 'SagaFailed', status: 'failed' | 'succeeded'): SagaEvent {
  const saga = { sagaId: 'm-1', saga: 'm', version: 1, incarnation: 'i', input: {}, inputHash: 'h', request: 'r', startedAt: 0, took: 1 };
  const reason = end === 'SagaFailed' && { error, reason: { type: 'failed', step: 'a', error } as const };
  return event('ExpressSagaEnded', { ...saga, end, ...reason, steps: [{ step: 'a', status, attempts: 1, took: 1 }] });
}

export type Action = DataOf<'OperatorIntervened'>['action'];
export function operator(action: Action, target?: `step:${string}` | `compensation:${string}`, request = 'o', at = 0): SagaEvent {
  const dueAt = action === 'move' && { dueAt: 80 };
  return event('OperatorIntervened', { request, action, by: 'me', reason: 'why', ...(target && { target }), ...dueAt }, at);
}
