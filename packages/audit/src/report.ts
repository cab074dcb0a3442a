/** What happened in one saga, as data, for a person who is no programmer: who was asked for what, when, what came of it, what was undone. */

import { isSealed } from '@skald/engine';
import { type ErrorRecord, fold, type RecordedEvent, type SagaEvent, type SagaState, type SagaStatus, statusOf } from '@skald/kernel';
import { checkStream, type Finding } from './chain.js';
import { causedEvents } from './conform.js';
import type { PayloadAccess, ReadableHistory } from './readable-history.js';
import { actionWords, dateTime, errorWords, reportLine } from './report-words.js';

export interface SagaReport {
  readonly format: 'skald-report/1';
  /** When this report was made, epoch milliseconds; so are all times in it. */
  readonly madeAt: number;
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly status: SagaStatus;
  /** Whether what was said stands in this report: `encrypted` and `dropped` have placeholders instead. */
  readonly payloads: PayloadAccess;
  readonly startedAt: number;
  /** Time of the last event. */
  readonly lastAt: number;
  readonly input: unknown;
  /** Absent while it has not completed. */
  readonly output?: unknown;
  /** Why it turned back, failed or is suspended. */
  readonly reason?: string;
  readonly requests: readonly ReportedRequest[];
  readonly people: readonly ReportedDeed[];
  readonly events: readonly ReportedEvent[];
  readonly record: ReportedRecord;
}

/** Something that was asked of somebody: a step, and what became of it. */
export interface ReportedRequest {
  readonly step: string;
  /** The service that was asked, and for what; absent where the step only waits, or was never asked. */
  readonly asked?: { readonly participant: string; readonly action: string; readonly arguments: readonly unknown[] };
  /** For what it waits, in words, where it asks nobody. */
  readonly waitsFor?: string;
  readonly at: number;
  readonly settledAt?: number;
  /** How often it was asked. */
  readonly attempts: number;
  readonly outcome: 'succeeded' | 'failed' | 'unknown' | 'skipped' | 'pending';
  readonly result?: unknown;
  readonly error?: ErrorRecord;
  /** `nobody`: an operator chose to leave it. */
  readonly undone?: { readonly at: number; readonly by: 'service' | 'operator' | 'nobody'; readonly nothingToUndo: boolean };
}

/** What a person did: an operator, whoever cancelled it, whoever sent a signal. */
export interface ReportedDeed {
  readonly at: number;
  readonly by: string;
  readonly what: string;
  readonly reason?: string;
  readonly payload?: unknown;
}

export interface ReportedEvent {
  readonly revision: number;
  readonly at: number;
  readonly type: string;
  readonly sentence: string;
  readonly tone: 'good' | 'bad' | 'back' | 'person' | 'plain';
  readonly hash: string;
}

export interface ReportedRecord {
  readonly events: number;
  /** SHA-256 of the last event, which covers all before it. */
  readonly head: string;
  readonly holds: boolean;
  readonly findings: readonly Finding[];
}

/**
 * `events` are all of one stream, as they are stored; at least one. `opened`: the same with their payloads, where these are encrypted and
 * shall be shown. Throws `history-unreadable`.
 */
export function sagaReport(stream: string, events: readonly RecordedEvent[], madeAt: number, opened?: ReadableHistory): SagaReport {
  const caused = opened?.history ?? causedEvents(events);
  const history = caused.map(({ event }) => event);
  const payloads = opened?.payloads ?? (history.some(isSealed) ? 'encrypted' : 'clear');
  const state = fold(history);
  const reason = reasonOf(state);
  const findings = checkStream(stream, events);
  return {
    ...{ format: 'skald-report/1', madeAt, sagaId: state.sagaId, saga: state.saga, version: state.version, status: statusOf(state) },
    payloads,
    ...{ startedAt: state.startedAt, lastAt: state.at, input: state.input },
    ...(state.end?.type === 'SagaCompleted' && { output: state.end.data.output }),
    ...(reason !== undefined && { reason }),
    requests: requestsOf(history, state),
    people: history.flatMap(deedsOf),
    events: history.map((event, revision) => ({
      ...{ revision, at: event.at, type: event.type, ...reportLine(event, state), hash: events[revision]?.hash ?? '' },
    })),
    record: { events: events.length, head: events.at(-1)?.hash ?? '', holds: findings.length === 0, findings },
  };
}

function reasonOf(state: SagaState): string | undefined {
  const [parked] = state.parked.values();
  if (parked) return errorWords(parked.error);
  const reason = state.compensation;
  if (reason?.type === 'failed') return errorWords(reason.error);
  if (reason?.type === 'cancelled') return `${reason.by} cancelled it: ${reason.reason}`;
  if (reason?.type === 'deadline') return 'its deadline passed';
  return state.end?.type === 'SagaTerminated' ? `${state.end.data.by} ended it as it stood: ${state.end.data.reason}` : undefined;
}

type Timed = { at: number; settledAt?: number; attempts: number; undone?: NonNullable<ReportedRequest['undone']> };

function requestsOf(history: readonly SagaEvent[], state: SagaState): ReportedRequest[] {
  const times = new Map<string, Timed>();
  for (const event of history) note(times, event);
  return [...state.steps.values()].map((step) => {
    const timed: Timed = times.get(step.id) ?? { at: state.startedAt, attempts: 0 };
    const { command, signal, result, error } = step;
    const outcome = outcomeOf(step.status);
    return {
      step: step.id,
      ...(command && { asked: { participant: command.participant, action: command.action, arguments: command.args } }),
      ...(signal !== undefined && { waitsFor: `“${signal}”` }),
      ...(step.kind === 'timer' && { waitsFor: `the time: ${dateTime(step.dueAt)}` }),
      ...timed,
      outcome,
      ...(result !== undefined && { result }),
      ...(error && outcome !== 'succeeded' && { error }),
    };
  });
}

function note(times: Map<string, Timed>, event: SagaEvent): void {
  if (event.type === 'OperatorIntervened') {
    const { target = '', action } = event.data;
    const timed = times.get(target.slice(target.indexOf(':') + 1));
    if (timed && target.startsWith('compensation:') && action !== 'retry') {
      timed.undone = { at: event.at, by: action === 'succeed' ? 'operator' : 'nobody', nothingToUndo: false };
    }
    if (timed && target.startsWith('step:') && action !== 'retry' && action !== 'move') timed.settledAt = event.at;
    return;
  }
  if (!('step' in event.data) || event.data.step === undefined) return;
  const timed = times.get(event.data.step) ?? { at: event.at, attempts: 0 };
  times.set(event.data.step, timed);
  if (event.type === 'StepRequested') timed.attempts += 1;
  if (event.type === 'CompensationSucceeded') timed.undone = { at: event.at, by: 'service', nothingToUndo: !event.data.executed };
  if (SETTLING.has(event.type)) timed.settledAt = event.at;
}

const SETTLING: ReadonlySet<string> = new Set<SagaEvent['type']>([
  ...(['StepSucceeded', 'StepFailed', 'StepTimedOut', 'StepSkipped', 'StepSealed', 'TimerFired'] as const),
]);

function outcomeOf(status: string): ReportedRequest['outcome'] {
  if (status === 'succeeded' || status === 'failed' || status === 'unknown' || status === 'skipped') return status;
  // It waited when the saga turned back.
  return status === 'stopped' ? 'skipped' : 'pending';
}

function deedsOf({ type, at, data }: SagaEvent): ReportedDeed[] {
  switch (type) {
    case 'OperatorIntervened': {
      const { by, action, target, reason, result } = data;
      return [{ at, by, what: actionWords(action, target), reason, ...(result !== undefined && { payload: result }) }];
    }
    case 'SagaTerminated':
      return [{ at, by: data.by, what: actionWords('terminate'), reason: data.reason }];
    case 'CancelRequested':
      return [{ at, by: data.by, what: 'Asked to cancel it', reason: data.reason }];
    case 'SignalReceived':
      return [{ at, by: data.by ?? 'not said', what: `Sent “${data.name}”`, ...(data.payload !== undefined && { payload: data.payload }) }];
    default:
      return [];
  }
}
