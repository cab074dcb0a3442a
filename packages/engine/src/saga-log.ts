/**
 * What happens to sagas, for whoever keeps logs.
 *
 * Invariants
 * Y1  Below the level that its saga asks for a record is not made.
 * Y2  Without `data` a record holds no input, argument, result, payload or output, and of an error its name and its message only.
 */
import { type LogLevel, type LogSettings, type Note, type SagaEvent, type SagaState, standsAfterAll } from '@skald/kernel';
import type { Observer } from './observer.js';

export type LogRecord = Readonly<Record<string, unknown>>;

/** Where records go. pino fits. */
export interface Logger {
  debug(record: LogRecord, message: string): void;
  info(record: LogRecord, message: string): void;
  warn(record: LogRecord, message: string): void;
  error(record: LogRecord, message: string): void;
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
const DEFAULT: LogSettings = { level: 'warn', data: false };

/** Events that are told at another level than `info`, where it depends on nothing else. */
const LEVELS: Readonly<Partial<Record<SagaEvent['type'], LogLevel>>> = {
  StepRequested: 'debug',
  StepSealRequested: 'debug',
  TimerSet: 'debug',
  SignalAwaited: 'debug',
  CompensationRequested: 'debug',
  SagaSuspended: 'warn',
};

/** Members of events that hold nothing of what sagas are about. */
const PLAIN = [
  'step',
  'round',
  'attempt',
  'dueAt',
  'retryAt',
  'signal',
  'name',
  'target',
  'action',
  'kind',
  'effect',
  'executed',
  'by',
  'pastPivot',
];
const ENDS: ReadonlySet<string> = new Set(['SagaCompleted', 'SagaCompensated', 'SagaFailed', 'SagaCancelled', 'SagaTerminated']);
const OUTCOMES: ReadonlySet<string> = new Set(['StepSucceeded', 'StepFailed', 'StepTimedOut', 'StepSealed', 'CompensationSucceeded']);

export class SagaLog implements Observer {
  constructor(
    private readonly logger: Logger,
    /** What the definition of a saga asks for. */
    private readonly settingsOf: (saga: string, version: number) => LogSettings | undefined = () => undefined,
  ) {}

  recorded(state: SagaState, events: readonly SagaEvent[]): void {
    const { level: least, data } = this.settingsOf(state.saga, state.version) ?? DEFAULT;
    for (const event of events) {
      const level = levelOf(event, state);
      if (RANK[level] >= RANK[least]) this.logger[level](recordOf(event, state, data), messageOf(event, state));
    }
  }

  noted(note: Note, sagaId: string): void {
    if (note === 'conflict') this.logger.warn({ sagaId }, 'a participant tells another outcome than the one on record');
  }

  promoted(state: SagaState, why: string): void {
    const { sagaId, saga, version } = state;
    this.logger.warn({ sagaId, saga, version, why }, 'an express saga goes on as a standard one');
  }

  troubled(what: string, error: unknown, sagaId?: string): void {
    const message = error instanceof Error ? error.message : String(error);
    this.logger.warn({ ...(sagaId !== undefined && { sagaId }), error: message }, what);
  }
}

function levelOf(event: SagaEvent, state: SagaState): LogLevel {
  if (isTooLate(event, state)) return 'error';
  if (event.type === 'CompensationFailed') return event.data.retryAt === undefined ? 'warn' : 'info';
  if (event.type === 'DeadlinePassed') return event.data.pastPivot ? 'warn' : 'info';
  return LEVELS[event.type] ?? 'info';
}

/** `StepRetryScheduled` is "step retry scheduled", with the step's name. */
function messageOf(event: SagaEvent, state: SagaState): string {
  const { type, data } = event;
  if (isTooLate(event, state)) return `a pivot has happened although its saga had turned back, and nothing undoes it: ${event.data.step}`;
  const words = type.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
  return 'step' in data && data.step !== undefined ? `${words}: ${data.step}` : words;
}

function isTooLate(event: SagaEvent, state: SagaState): event is Extract<SagaEvent, { type: 'StepSucceeded' }> {
  const step = event.type === 'StepSucceeded' && event.data.late ? state.steps.get(event.data.step) : undefined;
  return step !== undefined && standsAfterAll(state, step);
}

function recordOf(event: SagaEvent, state: SagaState, withData: boolean): LogRecord {
  const { type, at } = event;
  const members = event.data as Readonly<Record<string, unknown>>;
  const plain = Object.fromEntries(PLAIN.flatMap((name) => (members[name] === undefined ? [] : [[name, members[name]]])));
  const took = tookOf(event, state);
  const error = members['error'] as { readonly name: string; readonly message: string } | undefined;
  return {
    ...{ sagaId: state.sagaId, saga: state.saga, version: state.version, event: type, at },
    ...plain,
    ...(error && { error: { name: error.name, message: error.message } }),
    ...(took !== undefined && { took }),
    ...(withData && { data: event.data }),
  };
}

/** Milliseconds: of a saga since its start, of a step since its round was first requested. */
function tookOf({ type, at, data }: SagaEvent, { startedAt, steps }: SagaState): number | undefined {
  if (ENDS.has(type)) return at - startedAt;
  if (!OUTCOMES.has(type) || !('step' in data) || data.step === undefined) return undefined;
  const since = steps.get(data.step)?.firstRequestedAt ?? 0;
  return since > 0 ? at - since : undefined;
}
