/** Events in plain words. A new type of event does not compile before it has some. */
import {
  type CompensationReason,
  type DataOf,
  type EventType,
  type SagaEvent,
  type SagaState,
  type StepState,
  standsAfterAll,
} from '@skald/kernel';
import type { ReportedEvent } from './report.js';
import { childSagaOf } from './report-requests.js';
import { actionWords, counted, dateTime, errorWords, isPlaceholder, listed, lowered, span, targetWords, words } from './report-words.js';

type Line = Pick<ReportedEvent, 'sentence' | 'tone'>;

/** `state` is that of the whole history: it knows what each step asks of whom. */
export function reportLine(event: SagaEvent, state: SagaState): Line {
  const say = LINES[event.type] as ((data: unknown, state: SagaState) => Line) | undefined;
  return say ? say(event.data, state) : unknownLine(event);
}

const LINES: { readonly [Type in EventType]: (data: DataOf<Type>, state: SagaState) => Line } = {
  SagaStarted: ({ again, parent, limited }) => {
    const whose = parent ? `, for “${words(parent.step)}” of ${parent.sagaId}` : '';
    const instead = again ? `, in the place of ${again.of}: ${again.by} had it started again` : '';
    return line(`It began${whose}${instead}.${limited ? ' It waits until there is room for it.' : ''}`);
  },
  SlotGranted: () => line('There is room for it: it goes on.'),
  StepRequested: ({ step, attempt, round }, state) =>
    line(`${words(step)}: ${asked(step, state)}${attempt > 1 || round > 1 ? ' once more' : ''}.`),
  StepSucceeded: ({ step, late, signal }, state) => {
    if (signal !== undefined) return line(`${words(step)}: the answer was accepted.`, 'good');
    const known = state.steps.get(step);
    if (late && known && standsAfterAll(state, known)) return line(`${words(step)}: has happened after all. Nothing undoes it.`, 'bad');
    return line(`${words(step)}: done${late ? ', but the answer came too late to be used' : ''}.`, 'good');
  },
  StepFailed: ({ step, error, effect }) => {
    const sure = effect === 'unknown' ? 'It is not known whether it happened.' : 'Nothing of it happened.';
    return line(`${words(step)}: failed: ${errorWords(error)}. ${sure}`, 'bad');
  },
  StepTimedOut: ({ step, heartbeat }) =>
    line(`${words(step)}: ${heartbeat ? 'nothing was heard of it for too long' : 'no answer came in time'}.`, 'bad'),
  StepDeferred: ({ step, dueAt }) => line(`${words(step)}: taken on; the answer is awaited until ${dateTime(dueAt)} at most.`),
  HeartbeatReceived: ({ step }) => line(`${words(step)}: still at work, it was said.`),
  WithdrawnByParent: (_data, { parent }) =>
    line(`${parent?.sagaId ?? 'The transaction that started it'} has turned back, and wants it undone.`, 'back'),
  ChildAskedAgain: ({ target }) => line(`${words(target.slice(target.indexOf(':') + 1))}: asked once more how it stands.`),
  StepRetryScheduled: ({ step, dueAt }) => line(`${words(step)}: will be tried again at ${dateTime(dueAt)}.`, 'back'),
  StepSkipped: ({ step, reason }) => line(`${words(step)}: left out (${skipped(reason)}).`),
  StepSealRequested: ({ step }, state) =>
    line(`${words(step)}: asked ${whom(step, state)} whether it happened, and never to do it if it has not.`, 'back'),
  StepSealed: ({ step, doubt }) => {
    const perhaps = doubt ? ' Part of it may have had an effect before it was interrupted.' : '';
    return line(`${words(step)}: has not happened, and will not.${perhaps}`, 'back');
  },
  StepSealFailed: ({ step, error }) => line(`${words(step)}: nobody could say whether it happened: ${errorWords(error)}.`, 'bad'),
  StepFailureCaught: ({ step, by }) =>
    line(`${words(step)}: it goes on without it${by === undefined ? '' : `; “${words(by)}” stands in for it`}.`, 'back'),
  ChoiceMade: ({ step, chosen }) => line(`${words(step)}: “${words(chosen)}” was chosen.`),
  TimerSet: ({ step, dueAt }) => line(`${words(step)}: waits until ${dateTime(dueAt)}.`),
  TimerFired: ({ step }) => line(`${words(step)}: the time has come.`, 'good'),
  SignalReceived: ({ name, by }) => line(`${by ?? 'Somebody'} sent “${name}”.`, 'person'),
  SignalAwaited: ({ step, signal, dueAt }) =>
    line(`${words(step)}: waits for “${signal}”${dueAt === undefined ? '' : `, until ${dateTime(dueAt)} at most`}.`),
  SignalDiscarded: ({ step, error }) => line(`${words(step)}: what was sent could not be used: ${errorWords(error)}.`, 'bad'),
  MapStarted: ({ step, count, concurrency, tolerated }) => {
    const may = tolerated === 0 ? 'none may fail' : `up to ${tolerated} may fail`;
    return line(`${words(step)}: has ${counted(count, 'item')}, up to ${concurrency} at a time, of which ${may}.`);
  },
  MapCompleted: ({ step }) => line(`${words(step)}: all items are through.`, 'good'),
  MapFailed: ({ step, error }) => line(`${words(step)}: too many items failed: ${errorWords(error)}.`, 'bad'),
  CompensationStarted: ({ reason }) => line(`What was done so far is undone, since ${why(reason)}.`, 'back'),
  CompensationRequested: ({ step, command, attempt }, state) => {
    const own = command ?? state.steps.get(step)?.undo?.command;
    const asks = own ? `asked the service “${own.participant}” to “${own.action}”` : `asked ${whom(step, state)} to take it back`;
    return line(`Undo ${words(step)}: ${asks}${attempt > 1 ? ' once more' : ''}.`, 'back');
  },
  CompensationSucceeded: ({ step, executed }) => line(`Undo ${words(step)}: ${executed ? 'done' : 'there was nothing to undo'}.`, 'good'),
  CompensationFailed: ({ step, error, retryAt }) => {
    const next = retryAt === undefined ? 'A person has to look at it.' : `It will be tried again at ${dateTime(retryAt)}.`;
    return line(`Undo ${words(step)}: failed: ${errorWords(error)}. ${next}`, 'bad');
  },
  AttributesSet: ({ attributes }) => {
    const names = Object.keys(attributes);
    return line(names.length === 0 ? 'It is found by nothing but its name.' : `It can be found by ${listed(names)}.`);
  },
  SagaSuspended: ({ target, error }) => line(`It waits for a person: ${parkedWords(target)}: ${errorWords(error)}.`, 'bad'),
  OperatorIntervened: ({ by, action, target, reason, dueAt }) =>
    line(`${by}: ${lowered(actionWords(action, target, dueAt))}.${given(reason)}`, 'person'),
  RequestRefused: ({ by, action, target, code }) =>
    line(`${by} wanted something that could not be done: to ${action} ${targetWords(target)} (${code}).`, 'person'),
  CancelRequested: ({ by, reason }) => line(`${by} asked to cancel it.${given(reason)}`, 'person'),
  CancelRefused: () => line('The cancellation came too late: the point of no return had been passed.', 'bad'),
  DeadlinePassed: ({ pastPivot }) =>
    line(`The time allowed for it was over${pastPivot ? ', but the point of no return had been passed' : ''}.`, 'bad'),
  ExpressSagaEnded: ({ took, steps }) =>
    line(`It ran in one go, within ${span(took)}, and at its end this one entry was made, of ${counted(steps.length, 'step')}.`),
  SagaCompleted: () => line('It was completed.', 'good'),
  SagaCompensated: ({ withSkips }) => line(`It ended without success: ${undone(withSkips)}.`, 'back'),
  SagaFailed: ({ error }) => line(`It failed, and there was nothing to undo: ${errorWords(error)}.`, 'bad'),
  SagaCancelled: ({ withSkips }) => line(`It ended cancelled: ${undone(withSkips)}.`, 'back'),
  SagaTerminated: ({ by, reason }) => line(`${by} ended it as it stood; nothing was undone.${given(reason)}`, 'person'),
};

function given(reason: string): string {
  return isPlaceholder(reason) ? '' : ` Reason given: ${reason}.`;
}

function undone(withSkips: true | undefined): string {
  return `everything that had been done is undone${withSkips ? ', except for what an operator chose to leave' : ''}`;
}

function asked(step: string, state: SagaState): string {
  const of = state.steps.get(step);
  const child = of && childSagaOf(state, of);
  if (child !== undefined) return `asked for another transaction, ${child}`;
  return of?.command ? `asked ${whom(step, state)} to “${of.command.action}”` : 'asked its service';
}

function whom(step: string, state: SagaState): string {
  const of: StepState | undefined = state.steps.get(step);
  const child = of && childSagaOf(state, of);
  if (child !== undefined) return child;
  return of?.command ? `the service “${of.command.participant}”` : 'its service';
}

function skipped(reason: string): string {
  if (reason === 'guard') return 'not needed here';
  if (reason === 'timeout') return 'no answer came in time';
  return reason.replace(/^(\S+) took (\S+)$/, (_, choice: string, branch: string) => `“${words(choice)}” was “${words(branch)}”`);
}

function why(reason: CompensationReason): string {
  if (reason.type === 'deadline') return 'the time allowed for it was over';
  if (reason.type === 'cancelled') return `${reason.by} cancelled it${isPlaceholder(reason.reason) ? '' : `: ${reason.reason}`}`;
  if (reason.type === 'withdrawn') return `${reason.by}, which started it, has turned back`;
  return `${reason.step === undefined ? 'it could not go on' : `“${words(reason.step)}” failed`}: ${errorWords(reason.error)}`;
}

/** Why it turned back, as a sentence's end. */
export const turnedBackWords = why;

export function parkedWords(target: string): string {
  const step = words(target.slice(target.indexOf(':') + 1));
  if (target.startsWith('compensation:')) return `“${step}” could not be undone`;
  return target.startsWith('step:') ? `“${step}” could not be done` : 'its program could not go on';
}

/** Of a type that these words do not know yet: a newer version wrote it. */
function unknownLine({ type, data }: SagaEvent): Line {
  const name = words(type);
  return line('step' in data && typeof data.step === 'string' ? `${words(data.step)}: ${name.toLowerCase()}.` : `${name}.`);
}

function line(sentence: string, tone: Line['tone'] = 'plain'): Line {
  return { sentence, tone };
}
