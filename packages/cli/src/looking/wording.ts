import type { CompensationReason, DataOf, RecordedCommand, SagaEvent } from '@skald/kernel';
import { duration, errorText, json, moment, plain } from '../terminal/plain-text.js';
import { mapping } from './map-wording.js';
import { deferring, related, underWay } from './other-hands.js';
import { signalling, waiting } from './waiting-words.js';

export type Tone = 'good' | 'bad' | 'back' | 'person' | 'plain';

/** An event for people. */
export interface Wording {
  /** One character. */
  readonly mark: string;
  readonly tone: Tone;
  readonly text: string;
}

/** Puts the events of one saga into words. Give it all of them, in order: what a step asked for is said once in a history. */
export class Narrator {
  private readonly commands = new Map<string, RecordedCommand>();

  tell(event: SagaEvent): Wording {
    if (event.type === 'MapStarted' || event.type === 'MapCompleted' || event.type === 'MapFailed') return mapping(event);
    switch (event.type) {
      case 'StepRequested':
        return this.requested(event.data);
      case 'StepSucceeded':
      case 'StepFailed':
      case 'StepTimedOut':
      case 'StepRetryScheduled':
      case 'StepSkipped':
      case 'StepFailureCaught':
      case 'ChoiceMade':
        return outcome(event);
      case 'StepDeferred':
        return this.commands.get(event.data.step)?.child ? underWay(event.data) : deferring(event);
      case 'HeartbeatReceived':
        return deferring(event);
      case 'ChildAskedAgain':
      case 'WithdrawnByParent':
        return related(event);
      case 'StepSealRequested':
      case 'StepSealed':
      case 'StepSealFailed':
        return this.sealing(event);
      case 'TimerSet':
      case 'TimerFired':
        return waiting(event);
      case 'SignalReceived':
      case 'SignalAwaited':
      case 'SignalDiscarded':
        return signalling(event);
      case 'CompensationRequested':
        return this.undo(event.data);
      case 'CompensationStarted':
      case 'CompensationSucceeded':
      case 'CompensationFailed':
        return undoing(event);
      case 'AttributesSet':
        return found(event.data);
      case 'SagaSuspended':
      case 'OperatorIntervened':
      case 'RequestRefused':
      case 'CancelRequested':
      case 'CancelRefused':
      case 'DeadlinePassed':
        return steering(event);
      case 'ExpressSagaEnded':
        return express(event.data);
      default:
        return lifecycle(event);
    }
  }

  private requested({ step, attempt, round, opens }: DataOf<'StepRequested'>): Wording {
    if (opens) this.commands.set(step, opens.command);
    const again = `${attempt > 1 ? `, attempt ${attempt}` : ''}${round > 1 ? `, round ${round}` : ''}`;
    const arguments_ = opens ? ` ${argumentsText(opens.command)}` : '';
    return { mark: '●', tone: 'plain', text: `${plain(step)} asks ${this.actionOf(step)}${again}${arguments_}` };
  }

  private undo({ step, attempt, round, command }: DataOf<'CompensationRequested'>): Wording {
    const again = `${attempt > 1 ? `, attempt ${attempt}` : ''}${round > 1 ? `, round ${round}` : ''}`;
    const what = command ? `${actionText(command)}${again} ${argumentsText(command)}` : `that ${this.actionOf(step)} be undone${again}`;
    return { mark: '○', tone: 'back', text: `undo ${plain(step)} asks ${what}` };
  }

  private sealing(event: Extract<SagaEvent, { readonly type: 'StepSealRequested' | 'StepSealed' | 'StepSealFailed' }>): Wording {
    const step = plain(event.data.step);
    if (event.type === 'StepSealRequested') {
      return { mark: '?', tone: 'back', text: `${step} asks ${this.actionOf(event.data.step)} for its outcome, or never to run` };
    }
    if (event.type === 'StepSealed') {
      const doubt = event.data.doubt ? ', though an interrupted run may have had effect' : ', and has not';
      return { mark: '✘', tone: 'bad', text: `${step} will never run${doubt}` };
    }
    const { error, retryAt } = event.data;
    return { mark: '✘', tone: 'bad', text: `${step} has no outcome yet: ${errorText(error)}${whenAgain(event.at, retryAt)}` };
  }

  private actionOf(step: string): string {
    const command = this.commands.get(step);
    return command ? actionText(command) : plain(step);
  }
}

function actionText({ participant, action, child }: RecordedCommand): string {
  return plain(child ? `saga ${participant} (version ${child.version})` : `${participant}.${action}`);
}

function argumentsText({ args }: RecordedCommand): string {
  return args.map(json).join(', ');
}

function outcome(
  event: Extract<
    SagaEvent,
    {
      readonly type:
        | 'StepSucceeded'
        | 'StepFailed'
        | 'StepTimedOut'
        | 'StepRetryScheduled'
        | 'StepSkipped'
        | 'StepFailureCaught'
        | 'ChoiceMade';
    }
  >,
): Wording {
  const step = plain(event.data.step);
  switch (event.type) {
    case 'StepSucceeded': {
      const { result, late, task } = event.data;
      const how = `${task ? ', as whoever had its task token says' : ''}${late ? ', late' : ''}`;
      return { mark: '✔', tone: 'good', text: `${step} succeeded${how}${result === undefined ? '' : ` ${json(result)}`}` };
    }
    case 'StepFailed': {
      const { error, kind, effect, task } = event.data;
      const says = task ? ', as whoever had its task token says' : '';
      const note = effect === 'unknown' ? ' (it may have happened)' : kind === 'technical' ? ' (nothing of it happened)' : '';
      return {
        mark: '✘',
        tone: 'bad',
        text: `${step} ${kind === 'refused' ? 'was refused' : 'failed'}${says}: ${errorText(error)}${note}`,
      };
    }
    case 'StepTimedOut':
      return {
        mark: '✘',
        tone: 'bad',
        text: `${step} ${event.data.heartbeat ? 'missed a heartbeat' : 'timed out'} (it may have happened)`,
      };
    case 'StepRetryScheduled':
      return { mark: '↻', tone: 'back', text: `${step} is tried again in ${duration(event.data.dueAt - event.at)}` };
    case 'StepFailureCaught': {
      const { by } = event.data;
      return {
        mark: '⤷',
        tone: 'back',
        text: by === undefined ? `the saga goes on without ${step}` : `${plain(by)} stands in for ${step}`,
      };
    }
    case 'ChoiceMade': {
      const { chosen, notTaken } = event.data;
      return {
        mark: '⤷',
        tone: 'plain',
        text: plain(`${event.data.step} takes ${chosen}${notTaken.length > 0 ? `, not ${notTaken.join(', ')}` : ''}`),
      };
    }
    case 'StepSkipped':
      return {
        mark: '–',
        tone: 'plain',
        text: `${step} is skipped: ${skipText(event.data.reason)}`,
      };
  }
}

function found({ attributes, errors = {} }: DataOf<'AttributesSet'>): Wording {
  const values = Object.entries(attributes).map(
    ([name, value]) => `${plain(name)} ${typeof value === 'object' ? plain(value.date) : json(value)}`,
  );
  const wrong = Object.entries(errors).map(([name, error]) => `${plain(name)} cannot be computed, ${plain(error)}`);
  const text = `is found by ${values.join(', ') || 'no attribute'}${wrong.length > 0 ? `; ${wrong.join('; ')}` : ''}`;
  return { mark: '⌕', tone: wrong.length > 0 ? 'bad' : 'plain', text };
}

/** Why a step was skipped. */
function skipText(reason: string): string {
  if (reason === 'guard') return 'its guard said no';
  return reason === 'timeout' ? 'no signal came in time' : plain(reason);
}

function undoing(
  event: Extract<SagaEvent, { readonly type: 'CompensationStarted' | 'CompensationSucceeded' | 'CompensationFailed' }>,
): Wording {
  switch (event.type) {
    case 'CompensationStarted':
      return { mark: '↩', tone: 'back', text: `the saga turns back: ${reasonText(event.data.reason)}` };
    case 'CompensationSucceeded': {
      const { step, executed } = event.data;
      return { mark: '✔', tone: 'good', text: `undo ${plain(step)} succeeded${executed ? '' : ': there was nothing to undo'}` };
    }
    case 'CompensationFailed': {
      const { step, error, retryAt } = event.data;
      return { mark: '✘', tone: 'bad', text: `undo ${plain(step)} failed: ${errorText(error)}${whenAgain(event.at, retryAt)}` };
    }
  }
}

function whenAgain(at: number, retryAt: number | undefined): string {
  return retryAt === undefined ? '; a person is asked' : `; again in ${duration(retryAt - at)}`;
}

export function reasonText(reason: CompensationReason): string {
  switch (reason.type) {
    case 'failed':
      return `${reason.step === undefined ? '' : `${plain(reason.step)} failed, `}${errorText(reason.error)}`;
    case 'cancelled':
      return plain(`cancelled by ${reason.by}: ${reason.reason}`);
    case 'deadline':
      return 'its deadline passed';
    case 'withdrawn':
      return plain(`${reason.by}, which started it, has turned back`);
  }
}

function steering(
  event: Extract<
    SagaEvent,
    { readonly type: 'SagaSuspended' | 'OperatorIntervened' | 'RequestRefused' | 'CancelRequested' | 'CancelRefused' | 'DeadlinePassed' }
  >,
): Wording {
  switch (event.type) {
    case 'SagaSuspended':
      return { mark: '!', tone: 'bad', text: `suspended, ${plain(event.data.target)} waits for a person: ${errorText(event.data.error)}` };
    case 'OperatorIntervened':
      return { mark: '»', tone: 'person', text: plain(`${event.data.by}: ${operatorText(event.data)}, because ${event.data.reason}`) };
    case 'RequestRefused': {
      const { by, action, target, code, details } = event.data;
      const what = `${by}: ${action}${target === undefined ? '' : ` ${target}`}`;
      return { mark: '»', tone: 'person', text: plain(`${what} is refused, ${code}${details?.['why'] ? `: ${details['why']}` : ''}`) };
    }
    case 'CancelRequested':
      return { mark: '»', tone: 'person', text: plain(`${event.data.by} cancels: ${event.data.reason}`) };
    case 'CancelRefused':
      return { mark: '»', tone: 'person', text: 'the cancel comes too late: the pivot has succeeded' };
    case 'DeadlinePassed':
      return { mark: '!', tone: 'bad', text: `the deadline passed${event.data.pastPivot ? ', after the pivot: nothing is undone' : ''}` };
  }
}

function operatorText({ action, target, result, dueAt, args }: DataOf<'OperatorIntervened'>): string {
  const what = `${action}${target === undefined ? '' : ` ${target}`}`;
  if (args) return `${what} with ${args.map(json).join(', ')}`;
  if (action === 'deadline') return dueAt === undefined ? 'no deadline any more' : `deadline at ${moment(dueAt)}`;
  return `${what}${result === undefined ? '' : ` with ${json(result)}`}${dueAt === undefined ? '' : ` to ${moment(dueAt)}`}`;
}

function express({ end, took, steps, output, error }: DataOf<'ExpressSagaEnded'>): Wording {
  const word = end.slice('Saga'.length).toLowerCase();
  const what = output === undefined ? (error ? `: ${errorText(error)}` : '') : ` ${json(output)}`;
  const list = steps.map(({ step, status, took: each, undone }) => `${plain(step)} ${undone ? 'undone' : status} in ${duration(each)}`);
  const tone: Tone = end === 'SagaCompleted' ? 'good' : end === 'SagaFailed' ? 'bad' : 'back';
  return { mark: '◆', tone, text: `express, ${word} in ${duration(took)}${what}; ${list.join(', ')}` };
}

type Lifecycle = 'SagaStarted' | 'SlotGranted' | 'SagaCompleted' | 'SagaCompensated' | 'SagaFailed' | 'SagaCancelled' | 'SagaTerminated';

function lifecycle(event: Extract<SagaEvent, { readonly type: Lifecycle }>): Wording {
  switch (event.type) {
    case 'SagaStarted': {
      const { input, again, limited, parent } = event.data;
      const child = parent ? plain(`, ${parent.detached ? 'detached, ' : ''}by step ${parent.step} of ${parent.sagaId}`) : '';
      const instead = again ? plain(`, in place of ${again.of}, by ${again.by}: ${again.reason}`) : '';
      return { mark: '◆', tone: 'plain', text: `started with ${json(input)}${child}${instead}${limited ? ', and waits for a slot' : ''}` };
    }
    case 'SlotGranted':
      return { mark: '◆', tone: 'plain', text: 'has a slot, and runs' };
    case 'SagaCompleted':
      return { mark: '◆', tone: 'good', text: `completed${event.data.output === undefined ? '' : ` ${json(event.data.output)}`}` };
    case 'SagaCompensated':
      return { mark: '◆', tone: 'back', text: `compensated: ${undoneText(event.data.withSkips)}` };
    case 'SagaCancelled':
      return { mark: '◆', tone: 'back', text: `cancelled: ${undoneText(event.data.withSkips)}` };
    case 'SagaFailed':
      return { mark: '◆', tone: 'bad', text: `failed with nothing to undo: ${errorText(event.data.error)}` };
    case 'SagaTerminated':
      return { mark: '◆', tone: 'person', text: plain(`terminated by ${event.data.by} as it stood: ${event.data.reason}`) };
  }
}

function undoneText(withSkips: true | undefined): string {
  return withSkips ? 'what was done is undone, except what an operator left' : 'all that was done is undone';
}
