/** What happened in one saga, as data, for a person who is no programmer: who was asked for what, when, what came of it, what was undone. */

import { isSealed } from '@skald/engine';
import { fold, type RecordedEvent, type SagaEvent, type SagaState, type SagaStatus, statusOf } from '@skald/kernel';
import { checkStream, type Finding } from './chain.js';
import { causedEvents } from './conform.js';
import type { PayloadAccess, ReadableHistory } from './readable-history.js';
import { parkedWords, reportLine, turnedBackWords } from './report-lines.js';
import { type ReportedRequest, requestsOf } from './report-requests.js';
import { actionWords, errorWords, targetWords } from './report-words.js';

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
  /** Of an express saga only a summary is on record: which steps it took, not what was asked and answered. */
  readonly isSummary: boolean;
  readonly startedAt: number;
  /** Time of the last event. */
  readonly lastAt: number;
  /** The saga that started it, and by which step. */
  readonly parent?: { readonly sagaId: string; readonly step: string };
  /** The saga in whose place it was started again. */
  readonly insteadOf?: string;
  readonly input: unknown;
  /** Absent while it has not completed. */
  readonly output?: unknown;
  /** Why it turned back, failed or is suspended: the end of a sentence. */
  readonly reason?: string;
  readonly requests: readonly ReportedRequest[];
  readonly people: readonly ReportedDeed[];
  readonly events: readonly ReportedEvent[];
  readonly record: ReportedRecord;
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
  const history = (opened?.history ?? causedEvents(events)).map(({ event }) => event);
  const payloads = opened?.payloads ?? (history.some(isSealed) ? 'encrypted' : 'clear');
  const state = fold(history);
  const reason = reasonOf(state);
  const findings = checkStream(stream, events);
  const { sagaId, saga, version, parent, again, isSummary, startedAt, at: lastAt, input, end } = state;
  return {
    ...{ format: 'skald-report/1', madeAt, sagaId, saga, version, status: statusOf(state), payloads, isSummary, startedAt, lastAt },
    ...(parent && { parent: { sagaId: parent.sagaId, step: parent.step } }),
    ...(again && { insteadOf: again.of }),
    input,
    ...(end?.type === 'SagaCompleted' && { output: end.data.output }),
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
  for (const [target, { error }] of state.parked) return `${parkedWords(target)}: ${errorWords(error)}`;
  if (state.compensation) return turnedBackWords(state.compensation);
  if (state.end?.type === 'SagaFailed') return errorWords(state.end.data.error);
  return state.end?.type === 'SagaTerminated' ? `${state.end.data.by} ended it as it stood: ${state.end.data.reason}` : undefined;
}

function deedsOf({ type, at, data }: SagaEvent): ReportedDeed[] {
  switch (type) {
    case 'SagaStarted': {
      const { again } = data;
      return again ? [{ at, by: again.by, what: `Had it started again, in the place of ${again.of}`, reason: again.reason }] : [];
    }
    case 'OperatorIntervened': {
      const { by, action, target, reason, result, args, dueAt } = data;
      const payload = result ?? args;
      return [{ at, by, what: actionWords(action, target, dueAt), reason, ...(payload !== undefined && { payload }) }];
    }
    case 'RequestRefused': {
      const { by, action, target, reason } = data;
      return [{ at, by, what: `Wanted something that could not be done: to ${action} ${targetWords(target)}`, reason }];
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
