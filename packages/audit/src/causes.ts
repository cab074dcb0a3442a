/**
 * What a saga was told, read back from what it recorded of it. A decision records its message first, as a fact (D4 of the kernel's decide); so the
 * first event of each decision tells the message, and all that follows is what was decided.
 */
import {
  type Asked,
  type Message,
  type Outcome,
  type ReplyMessage,
  type SagaEvent,
  type SagaParent,
  type SagaState,
  SkaldError,
  type Task,
} from '@skald/kernel';

/** An event with what its metadata say of the decision that recorded it. */
export interface CausedEvent {
  readonly event: SagaEvent;
  /** Kind of the message that was decided on. */
  readonly cause: string;
  /** Number of the latest replay change that the kernel of then had. */
  readonly replay: number;
}

type Of<Type extends SagaEvent['type']> = Extract<SagaEvent, { readonly type: Type }>;

/** The message that a decision was taken on which recorded this event first; undefined where no decision begins with such an event. */
export function messageBehind({ event, cause }: CausedEvent, state: SagaState, next?: CausedEvent): Message | undefined {
  const { at } = event;
  switch (event.type) {
    case 'SagaStarted': {
      const { deadlineAt, parent, request, ...data } = event.data;
      const started = { ...data, at, ...(deadlineAt !== undefined && { deadlineAt }) };
      // A later decision withdraws what waits for a slot; one that was never to begin asks for none.
      const isOne = next?.event.at === at && data.limited === undefined;
      if (parent) return askedBy(parent, started, isOne ? next : undefined);
      return { ...data, request, type: 'start', at, ...(deadlineAt !== undefined && { deadline: deadlineAt - at }) };
    }
    case 'WithdrawnByParent': {
      const { sagaId, saga, version, incarnation, input, inputHash, parent } = state;
      const told = { event, cause, replay: 0 };
      return parent && askedBy(parent, { sagaId, saga, version, incarnation, input, inputHash, at }, told);
    }
    case 'StepSucceeded':
    case 'StepFailed':
      return event.data.task ? byToken(event, state) : replied(event, state);
    case 'HeartbeatReceived':
      return byToken(event, state);
    case 'StepDeferred':
    case 'StepSealed':
    case 'CompensationSucceeded':
      return replied(event, state);
    case 'StepSealFailed':
    case 'CompensationFailed':
      return cause === 'wake' ? { type: 'wake', at } : replied(event, state);
    case 'SignalReceived': {
      const { id, ...data } = event.data;
      return { ...data, type: 'signal', at, request: id };
    }
    case 'CancelRequested':
      return { ...event.data, type: 'cancel', at };
    case 'OperatorIntervened':
      return { ...event.data, type: 'operator', at };
    case 'RequestRefused': {
      const { code: _code, details: _details, ...data } = event.data;
      return { ...data, type: 'operator', at };
    }
    case 'SlotGranted':
      return { type: 'slot', at };
    case 'SagaTerminated':
      return { ...event.data, type: 'operator', action: 'terminate', at };
    case 'SagaSuspended':
      return event.data.target === 'program' ? { type: 'fault', at, error: event.data.error } : undefined;
    default:
      // Timeouts, timers, retries and the deadline: whatever was due by then.
      return cause === 'wake' ? { type: 'wake', at } : undefined;
  }
}

/** What a saga was asked by a step that starts it: to begin, or, where it is withdrawn at once, to be undone or never to begin. */
function askedBy(parent: SagaParent, asked: Omit<Asked, 'type' | 'operation' | 'by'>, next: CausedEvent | undefined): Asked {
  const undoRound = next?.event.type === 'WithdrawnByParent' ? next.event.data.round : -1;
  const operation = undoRound < 0 ? 'action' : undoRound === 0 ? 'seal' : 'compensation';
  return { ...asked, type: 'asked', operation, by: { ...parent, attempt: 1, undoRound: Math.max(0, undoRound) } };
}

/** What somebody outside said by a task token. */
function byToken({ type, at, data }: Of<'StepSucceeded' | 'StepFailed' | 'HeartbeatReceived'>, { incarnation }: SagaState): Task {
  const { step, round } = data;
  const task = { type: 'task', at, request: `${type} ${step}`, incarnation, step, round } as const;
  if (type === 'HeartbeatReceived') return { ...task, action: 'heartbeat' };
  if (type === 'StepFailed') return { ...task, action: 'fail', error: data.error };
  return { ...task, action: 'complete', ...(data.result !== undefined && { result: data.result }) };
}

type Replied = Of<
  'StepSucceeded' | 'StepDeferred' | 'StepFailed' | 'StepSealed' | 'StepSealFailed' | 'CompensationSucceeded' | 'CompensationFailed'
>;

function replied(event: Replied, state: SagaState): ReplyMessage | undefined {
  const { sagaId, incarnation } = state;
  const step = state.steps.get(event.data.step);
  const isUndo = event.type === 'CompensationSucceeded' || event.type === 'CompensationFailed';
  // A signal was taken: that is a decision of the program's.
  if (('signal' in event.data && event.data.signal !== undefined) || step?.command === undefined) return undefined;
  const { round } = event.data;
  return {
    ...{ type: 'reply', at: event.at, sagaId, incarnation, step: step.id },
    round: isUndo ? step.round : round,
    attempt: 'attempt' in event.data ? event.data.attempt : step.attempt,
    operation: isUndo ? 'compensation' : step.status === 'sealing' ? 'seal' : 'action',
    purpose: isUndo ? 'compensation' : 'step',
    undoRound: isUndo ? round : 0,
    outcome: outcomeOf(event),
  };
}

function outcomeOf(event: Replied): Outcome {
  switch (event.type) {
    case 'StepSucceeded': {
      const { result, compensable, afterUndo } = event.data;
      return {
        type: 'succeeded',
        ...(result !== undefined && { result }),
        ...(compensable === false && { compensable }),
        ...(afterUndo !== undefined && { afterUndo }),
      };
    }
    case 'StepFailed': {
      const { kind, error, effect } = event.data;
      return kind === 'refused' ? refused(error.message) : { type: 'failed', kind, error, effect };
    }
    case 'StepDeferred':
      return { type: 'deferred' };
    case 'StepSealed':
      return { type: 'sealed', ...(event.data.doubt && { doubt: true }) };
    case 'CompensationSucceeded':
      return { type: 'undone', executed: event.data.executed };
    case 'StepSealFailed':
    case 'CompensationFailed':
      return { type: 'failed', kind: 'technical', error: event.data.error, effect: 'unknown' };
  }
}

function refused(message: string): Outcome {
  const reason = /: (undone|sealed|expired)$/.exec(message)?.[1] ?? 'expired';
  return { type: 'refused', reason: reason as 'undone' | 'sealed' | 'expired' };
}

/** Throws `history-unreadable` where the fold does not take the event. */
export function unreadable(stream: string, revision: number, cause: unknown): SkaldError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new SkaldError('history-unreadable', { stream, revision, problem }, { cause });
}
