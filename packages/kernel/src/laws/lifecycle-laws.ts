import type { EventType, SagaEnd, SagaEvent } from '../history/events.js';
import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight, type StepRecord } from './step-record.js';

const ENDS = ['SagaCompleted', 'SagaCompensated', 'SagaFailed', 'SagaCancelled', 'SagaTerminated'] as const;
const SETTLED: readonly string[] = ['succeeded', 'skipped', 'caught'];
const TURNED_BACK = ['SagaCompensated', 'SagaFailed', 'SagaCancelled'] as const;
const AFTER_THE_END: readonly EventType[] = [
  'StepSucceeded',
  'CompensationRequested',
  'CompensationSucceeded',
  'CompensationFailed',
  'SagaSuspended',
  'OperatorIntervened',
  'WithdrawnByParent',
  'CompensationStarted',
  'RequestRefused',
];
const ALL: readonly EventType[] = [
  ...(['SagaStarted', 'SlotGranted', 'StepRequested', 'StepSucceeded', 'StepFailed', 'StepTimedOut', 'StepRetryScheduled'] as const),
  ...([
    'StepSkipped',
    'StepSealRequested',
    'StepSealed',
    'StepSealFailed',
    'StepFailureCaught',
    'ChoiceMade',
    'CompensationStarted',
  ] as const),
  ...(['StepDeferred', 'HeartbeatReceived', 'WithdrawnByParent', 'ChildAskedAgain', 'CompensationRequested'] as const),
  ...(['TimerSet', 'TimerFired', 'SignalReceived', 'SignalAwaited', 'SignalDiscarded', 'MapStarted', 'MapCompleted', 'MapFailed'] as const),
  ...(['CompensationSucceeded', 'CompensationFailed', 'SagaSuspended', 'OperatorIntervened', 'RequestRefused'] as const),
  ...(['AttributesSet', 'CancelRequested', 'CancelRefused', 'DeadlinePassed', 'ExpressSagaEnded'] as const),
  ...ENDS,
];

const isEnd = (event: SagaEvent): event is SagaEnd => ENDS.some((type) => type === event.type);

function find(before: Chronicle, wrong: (step: StepRecord) => boolean): string | undefined {
  for (const step of before.steps.values()) if (wrong(step)) return step.id;
  return undefined;
}

const endsOnce: Rules = forEach(ALL, (event, { end, reopened }) => {
  if (!end || end.type === 'SagaTerminated' || AFTER_THE_END.includes(event.type)) return undefined;
  if (!isEnd(event)) return `${event.type} after ${end.type}`;
  if (!reopened) return `${event.type} after ${end.type}, and nothing had come in between`;
  return event.type === end.type || event.type === 'SagaTerminated' ? undefined : `ended ${event.type} after it had ended ${end.type}`;
});

const reopensForSuccess: Rules = forEach(['CompensationRequested', 'CompensationSucceeded', 'CompensationFailed'], (event, before) =>
  before.end && !before.reopened ? `${event.type} after the end, and no success had come late` : undefined,
);

const completedIsComplete: Rules = {
  SagaCompleted(_event, before) {
    if (before.turnedBack) return 'completed after it had turned back';
    const unsettled = find(before, ({ outcome }) => outcome !== 'succeeded' && outcome !== 'skipped' && outcome !== 'caught');
    if (unsettled !== undefined) return `completed while step ${unsettled} is not settled`;
    const standing = find(before, (step) => step.outOfTurn && mayStand(step));
    if (standing !== undefined) return `completed while step ${standing}, which was left behind, still stands`;
    return undefined;
  },
};

/** What a guard or an operator passed over never may; what was caught in doubt may until it is undone. */
function mayStand({ outcome, standing, undo }: StepRecord): boolean {
  return standing === 'effect' || (standing === 'maybe' && outcome === 'caught') || undo.state === 'asked';
}

const turnedBackIsClean: Rules = forEach(TURNED_BACK, (_event, before) => {
  if (!before.turnedBack) return 'ended as turned back, and had not turned back';
  const open = find(before, (step) => isInFlight(step) || step.undo.state === 'asked');
  if (open !== undefined) return `ended while an answer of step ${open} is awaited`;
  const standing = find(before, (step) => step.standing === 'effect' || step.standing === 'maybe');
  return standing === undefined ? undefined : `ended while step ${standing} stands, or may stand`;
});

const endSaysWhy: Rules = {
  SagaCancelled: (_event, { turnedBack }) => (turnedBack?.type === 'cancelled' ? undefined : 'cancelled, but nobody had cancelled it'),
  SagaCompensated: (_event, { turnedBack, undoRequested, skips }) => {
    if (turnedBack?.type === 'cancelled') return 'compensated, but it was cancelled';
    return turnedBack?.type === 'withdrawn' || undoRequested || skips ? undefined : 'compensated, but nothing was undone';
  },
  SagaFailed: (_event, { turnedBack, undoRequested, skips, end }) => {
    if (turnedBack?.type === 'cancelled') return 'failed, but it was cancelled';
    return end || (!undoRequested && !skips) ? undefined : 'failed, but something was undone or left';
  },
};

const skipsAreFlagged: Rules = forEach(['SagaCompensated', 'SagaCancelled'], ({ data }, { skips }) => {
  if (skips === (data.withSkips === true)) return undefined;
  return skips ? 'an operator left something standing, and the end does not say so' : 'the end speaks of skips, and there were none';
});

export const LIFECYCLE_LAWS: readonly RuledLaw[] = [
  law(
    'starts-once',
    'A history begins with SagaStarted and has no other; that of an express saga with its summary, which SagaStarted may follow.',
    forEach(ALL, (event, { events, summaryOnly }) => {
      if (summaryOnly) return event.type === 'SagaStarted' ? undefined : `${event.type} after a summary`;
      if ((event.type === 'SagaStarted' || event.type === 'ExpressSagaEnded') === (events === 0)) return undefined;
      return events === 0 ? `begins with ${event.type}` : 'starts a second time';
    }),
  ),
  law('summary-says-why', 'The summary of an express saga agrees with its steps.', {
    ExpressSagaEnded({ data: { end, reason, steps } }) {
      if (end === 'SagaCancelled' || end === 'SagaTerminated') return `an express saga ended ${end}`;
      if ((end === 'SagaCompleted') === (reason !== undefined)) return `ended ${end}, and ${reason ? 'had' : 'had not'} turned back`;
      const open = steps.find(({ status }) => end === 'SagaCompleted' && !SETTLED.includes(status));
      return open && `completed while step ${open.step} is ${open.status}`;
    },
  }),
  law('ends-once', 'A saga ends once; after a late success was undone it ends again, the same way.', endsOnce),
  law('reopens-for-a-success', 'After the end something is undone only because a success came late.', reopensForSuccess),
  law(
    'terminated-is-final',
    'Nothing follows SagaTerminated.',
    forEach(ALL, (event, { end }) => (end?.type === 'SagaTerminated' ? `${event.type} after it was terminated` : undefined)),
  ),
  law('completed-is-complete', 'A completed saga has every step settled and nothing left behind.', completedIsComplete),
  law(
    'turned-back-is-clean',
    'A compensated, failed or cancelled saga leaves nothing standing but what an operator skipped.',
    turnedBackIsClean,
  ),
  law('end-says-why', 'Cancelled was cancelled, compensated undid something, failed had nothing to undo.', endSaysWhy),
  law('skips-are-flagged', 'The end says so when an operator left something standing.', skipsAreFlagged),
];
