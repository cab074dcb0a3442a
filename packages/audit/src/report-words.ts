/** Events in plain words: no term of the trade, no mark that has to be explained. */
import type { CompensationReason, ErrorRecord, OperatorAction, SagaEvent, SagaState } from '@skald/kernel';
import type { ReportedEvent } from './report.js';

type Line = Pick<ReportedEvent, 'sentence' | 'tone'>;

/** `state` is that of the whole history: it knows what each step asks of whom. */
export function reportLine(event: SagaEvent, state: SagaState): Line {
  return stepLine(event, state) ?? waitingLine(event) ?? undoLine(event, state) ?? sagaLine(event) ?? unknownLine(event);
}

/** `reserveStock` as people write it: `Reserve stock`. */
export function words(id: string): string {
  const spaced = id
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[-_]+/g, ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export function errorWords({ name, message }: ErrorRecord): string {
  return `${message} (${name})`;
}

/** An operator's action, on what it was taken. */
export function actionWords(action: OperatorAction, target?: string): string {
  const [kind, step] =
    target === undefined || target === 'program'
      ? []
      : [target.slice(0, target.indexOf(':')), words(target.slice(target.indexOf(':') + 1))];
  const what = step === undefined ? 'it' : kind === 'compensation' ? `the undoing of “${step}”` : `“${step}”`;
  return (ACTIONS[action] ?? `${words(action)} …`).replace('…', what);
}

const ACTIONS: Readonly<Partial<Record<OperatorAction, string>>> = {
  retry: 'Had … tried again',
  patch: 'Had … tried again, with another request',
  deadline: 'Gave … another time to be over by',
  skip: 'Left … out',
  succeed: 'Declared … done',
  fail: 'Declared that … did not happen',
  move: 'Had … wait until another time',
  suspend: 'Had … stop for the time being',
  resume: 'Had … go on',
  terminate: 'Ended … as it stood',
};

function lowered(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

function asked(step: string, state: SagaState): string {
  const command = state.steps.get(step)?.command;
  return command ? `the service “${command.participant}” to “${command.action}”` : 'its service';
}

function stepLine(event: SagaEvent, state: SagaState): Line | undefined {
  switch (event.type) {
    case 'StepRequested': {
      const { step, attempt, round } = event.data;
      const again = attempt > 1 || round > 1 ? ' once more' : '';
      return line(`${words(step)}: asked ${asked(step, state)}${again}.`);
    }
    case 'StepSucceeded': {
      const { step, late, signal } = event.data;
      if (signal !== undefined) return line(`${words(step)}: the answer was accepted.`, 'good');
      return line(`${words(step)}: done${late ? ', but the answer came too late to be used' : ''}.`, 'good');
    }
    case 'StepFailed': {
      const { step, error, effect } = event.data;
      const sure = effect === 'unknown' ? ' It is not known whether it happened.' : ' Nothing of it happened.';
      return line(`${words(step)}: failed: ${errorWords(error)}.${sure}`, 'bad');
    }
    case 'StepTimedOut':
      return line(`${words(event.data.step)}: no answer came in time.`, 'bad');
    case 'StepRetryScheduled':
      return line(`${words(event.data.step)}: will be tried again.`, 'back');
    case 'StepFailureCaught': {
      const { step, by } = event.data;
      return line(`${words(step)}: it goes on without it${by === undefined ? '' : `; “${words(by)}” stands in for it`}.`, 'back');
    }
    case 'StepSkipped':
      return line(`${words(event.data.step)}: left out (${skipped(event.data.reason)}).`);
    case 'StepSealRequested':
      return line(
        `${words(event.data.step)}: asked ${asked(event.data.step, state)} whether it happened, and never to do it if it has not.`,
        'back',
      );
    case 'StepSealed': {
      const doubt = event.data.doubt ? ' Part of it may have had an effect before it was interrupted.' : '';
      return line(`${words(event.data.step)}: has not happened, and will not.${doubt}`, 'back');
    }
    case 'StepSealFailed':
      return line(`${words(event.data.step)}: nobody could say whether it happened: ${errorWords(event.data.error)}.`, 'bad');
    default:
      return undefined;
  }
}

function skipped(reason: string): string {
  if (reason === 'guard') return 'not needed here';
  return reason === 'timeout' ? 'no answer came in time' : reason;
}

function waitingLine(event: SagaEvent): Line | undefined {
  switch (event.type) {
    case 'TimerSet':
      return line(`${words(event.data.step)}: waits until ${dateTime(event.data.dueAt)}.`);
    case 'TimerFired':
      return line(`${words(event.data.step)}: the time has come.`, 'good');
    case 'SignalAwaited': {
      const { step, signal, dueAt } = event.data;
      return line(`${words(step)}: waits for “${signal}”${dueAt === undefined ? '' : `, until ${dateTime(dueAt)} at most`}.`);
    }
    case 'SignalReceived':
      return line(`${event.data.by ?? 'Somebody'} sent “${event.data.name}”.`, 'person');
    case 'SignalDiscarded':
      return line(`${words(event.data.step)}: what was sent could not be used: ${errorWords(event.data.error)}.`, 'bad');
    default:
      return undefined;
  }
}

function undoLine(event: SagaEvent, state: SagaState): Line | undefined {
  switch (event.type) {
    case 'CompensationStarted':
      return line(`What was done so far is undone, since ${why(event.data.reason)}.`, 'back');
    case 'CompensationRequested': {
      const { step, command, attempt } = event.data;
      const own = command ?? state.steps.get(step)?.undo?.command;
      const whom = own ? `the service “${own.participant}” to “${own.action}”` : `${asked(step, state)}: to take that back`;
      return line(`Undo ${words(step)}: asked ${whom}${attempt > 1 ? ' once more' : ''}.`, 'back');
    }
    case 'CompensationSucceeded':
      return line(`Undo ${words(event.data.step)}: ${event.data.executed ? 'done' : 'there was nothing to undo'}.`, 'good');
    case 'CompensationFailed': {
      const { step, error, retryAt } = event.data;
      const next = retryAt === undefined ? ' A person has to look at it.' : ' It will be tried again.';
      return line(`Undo ${words(step)}: failed: ${errorWords(error)}.${next}`, 'bad');
    }
    default:
      return undefined;
  }
}

function why(reason: CompensationReason): string {
  if (reason.type === 'deadline') return 'the time allowed for it was over';
  if (reason.type === 'cancelled') return `${reason.by} cancelled it: ${reason.reason}`;
  if (reason.type === 'withdrawn') return `${reason.by}, which started it, has turned back`;
  return `${reason.step === undefined ? 'it could not go on' : `“${words(reason.step)}” failed`}: ${errorWords(reason.error)}`;
}

function sagaLine(event: SagaEvent): Line | undefined {
  switch (event.type) {
    case 'SagaStarted':
      return line('It began.');
    case 'SagaSuspended':
      return line(`It waits for a person: ${parkedWords(event.data.target)}: ${errorWords(event.data.error)}.`, 'bad');
    case 'OperatorIntervened': {
      const { by, action, target, reason } = event.data;
      return line(`${by}: ${lowered(actionWords(action, target))}. Reason given: ${reason}.`, 'person');
    }
    case 'RequestRefused':
      return line(`${event.data.by} wanted something that could not be done (${event.data.code}).`, 'person');
    case 'CancelRequested':
      return line(`${event.data.by} asked to cancel it. Reason given: ${event.data.reason}.`, 'person');
    case 'CancelRefused':
      return line('The cancellation came too late: the point of no return had been passed.', 'bad');
    case 'DeadlinePassed':
      return line(`The time allowed for it was over${event.data.pastPivot ? ', but the point of no return had been passed' : ''}.`, 'bad');
    case 'SagaCompleted':
      return line('It was completed.', 'good');
    case 'SagaCompensated':
    case 'SagaCancelled': {
      const rest = event.data.withSkips ? 'except for what an operator chose to leave' : 'everything that was done is undone';
      return line(`It ended ${event.type === 'SagaCancelled' ? 'cancelled' : 'without success'}: ${rest}.`, 'back');
    }
    case 'SagaFailed':
      return line(`It failed, and there was nothing to undo: ${errorWords(event.data.error)}.`, 'bad');
    case 'SagaTerminated':
      return line(`${event.data.by} ended it as it stood; nothing was undone. Reason given: ${event.data.reason}.`, 'person');
    default:
      return undefined;
  }
}

function parkedWords(target: string): string {
  const step = words(target.slice(target.indexOf(':') + 1));
  if (target.startsWith('compensation:')) return `“${step}” could not be undone`;
  return target.startsWith('step:') ? `“${step}” could not be done` : 'its program could not go on';
}

/** Of a type that these words do not know yet. */
function unknownLine({ type, data }: SagaEvent): Line {
  const name = words(type);
  return line('step' in data && typeof data.step === 'string' ? `${words(data.step)}: ${name.toLowerCase()}.` : `${name}.`);
}

function line(sentence: string, tone: Line['tone'] = 'plain'): Line {
  return { sentence, tone };
}

/** In UTC: `24 Nov 2026, 10:05:17`. */
export function dateTime(at: number): string {
  if (Math.abs(at) > 8.64e15) return `${at} ms after 1970`;
  const date = new Date(at);
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${date.toISOString().slice(11, 19)}`;
}

const MONTHS = [...['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']];
