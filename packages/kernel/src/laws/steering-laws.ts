import type { Target } from '../history/events.js';
import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight, type StepRecord } from './step-record.js';

const WAITING = ['TimerSet', 'TimerFired', 'SignalAwaited', 'SignalDiscarded', 'MapStarted', 'MapCompleted', 'MapFailed'] as const;
const DECIDED = ['StepFailureCaught', 'ChoiceMade'] as const;
const FORWARD = ['StepRequested', 'StepSkipped', 'StepRetryScheduled', ...DECIDED, ...WAITING] as const;

const oneWayBack: Rules = {
  ...forEach(FORWARD, ({ type, data }, { turnedBack }) => (turnedBack ? `${type} of step ${data.step} after it turned back` : undefined)),
  CompensationStarted: (_event, { turnedBack }) => (turnedBack ? 'it turns back a second time' : undefined),
};

function isSettledWithout({ outcome }: StepRecord): boolean {
  return outcome === 'failed' || outcome === 'skipped' || outcome === 'caught';
}

const pivotDecides: Rules = {
  CompensationStarted(_event, before) {
    if (before.pivotSucceeded) return 'it turns back after its pivot succeeded';
    for (const step of before.steps.values()) {
      if (!step.pivot || isSettledWithout(step)) continue;
      if (step.outcome === 'waiting' && !step.doubt) continue;
      return `it turns back while pivot ${step.id} is ${step.outcome}`;
    }
    return undefined;
  },
};

function otherPivotOpen(before: Chronicle, id: string): boolean {
  for (const step of before.steps.values()) if (step.pivot && step.id !== id && !isSettledWithout(step)) return true;
  return false;
}

const pivotMissed: Rules = {
  StepRequested({ data }, before) {
    const pivot = data.opens ? before.isPivot(data.opens) : before.steps.get(data.step)?.pivot;
    const late = pivot && !before.pivotSucceeded && (before.deadlinePassed || before.cancelPending);
    return late && !otherPivotOpen(before, data.step) ? `pivot ${data.step} is requested when the saga is to turn back` : undefined;
  },
};

const turnsBackForCause: Rules = {
  CompensationStarted({ data: { reason } }, before) {
    if (reason.type === 'cancelled') return before.cancelPending ? undefined : 'it turns back as cancelled, and nobody asked for it';
    if (reason.type === 'deadline') return before.deadlinePassed ? undefined : 'it turns back for a deadline that has not passed';
    if (reason.type === 'withdrawn' || reason.step === undefined) return undefined;
    const step = before.steps.get(reason.step);
    const failed = step?.outcome === 'failed' || step?.outcome === 'unknown';
    return failed ? undefined : `it turns back for step ${reason.step}, which is ${step?.outcome ?? 'not there'}`;
  },
};

const parkedStandsStill: Rules = {
  ...forEach(['StepRequested', 'StepRetryScheduled', 'StepSealRequested'], ({ type, data }, { parked }) => {
    if (parked.has(`step:${data.step}`)) return `${type} of step ${data.step}, which waits for a person`;
    const opens = type === 'StepRequested' && data.opens !== undefined;
    return opens && parked.has('program') ? `step ${data.step} opens while the program waits for a person` : undefined;
  }),
  ...forEach([...WAITING, ...DECIDED], ({ type, data }, { parked }) =>
    parked.has('program') ? `${type} of step ${data.step} while the program waits for a person` : undefined,
  ),
  CompensationRequested: ({ data }, { parked }) =>
    parked.has(`compensation:${data.step}`) ? `the compensation of step ${data.step} waits for a person` : undefined,
  SagaSuspended: ({ data }, { parked }) => (parked.has(data.target) ? `${data.target} is parked twice` : undefined),
  OperatorIntervened({ data: { action, target } }, { parked, steps }) {
    const deferred = target !== undefined && steps.get(target.slice('step:'.length))?.deferred;
    const free =
      action === 'suspend' || action === 'resume' || action === 'move' || action === 'deadline' || target === undefined || deferred;
    return free || parked.has(target) ? undefined : `an operator's ${action} of ${target}, which does not wait for a person`;
  },
};

/** The way out of a hold before the pivot is a cancel, which may have to seal the pivot first. */
const heldStandsStill: Rules = {
  ...forEach(['StepRequested', 'CompensationRequested', ...DECIDED, ...WAITING], ({ type, data }, { held }) =>
    held ? `${type} of step ${data.step} while an operator holds the saga` : undefined,
  ),
  StepSealRequested: ({ data }, { held, cancelPending }) =>
    held && !cancelPending ? `a seal of step ${data.step} while an operator holds the saga` : undefined,
};

const parkedIsNotOver: Rules = {
  ...forEach(['SagaCompleted', 'SagaCompensated', 'SagaFailed', 'SagaCancelled'], (_event, { parked, held }) => {
    const [waiting]: readonly Target[] = [...parked];
    if (held) return 'ended while an operator holds the saga';
    return waiting === undefined ? undefined : `ended while ${waiting} waits for a person`;
  }),
};

const requestsOnce: Rules = {
  ...forEach(['CancelRequested', 'OperatorIntervened', 'RequestRefused', 'SagaTerminated'], ({ data: { request } }, { requests }) =>
    requests.has(request) ? `request ${request} is recorded twice` : undefined,
  ),
};

const steeringFits: Rules = {
  CancelRequested: (_event, { turnedBack, pivotSucceeded, cancelPending }) =>
    turnedBack || pivotSucceeded || cancelPending ? 'a cancel is accepted when it is too late for it' : undefined,
  CancelRefused: (_event, { cancelPending, pivotSucceeded }) =>
    cancelPending && pivotSucceeded ? undefined : 'a cancel is refused that was not pending, or before the pivot succeeded',
  DeadlinePassed({ data }, { deadlinePassed, pivotSucceeded, turnedBack }) {
    if (deadlinePassed || turnedBack) return 'the deadline passes twice, or after it turned back';
    return data.pastPivot === pivotSucceeded ? undefined : 'the deadline is wrong about the pivot';
  },
};

/** The fate of an answered pivot is its own: nobody may say it failed or succeeded after it is known. */
const pivotAnswersOnce: Rules = {
  OperatorIntervened({ data: { action, target } }, before) {
    if ((action !== 'succeed' && action !== 'fail') || !target?.startsWith('step:')) return undefined;
    const step = before.steps.get(target.slice('step:'.length));
    const known = step && !step.deferred && (step.success || (step.outcome === 'awaited' && isInFlight(step)));
    return known ? `an operator decides on step ${step.id}, whose answer is known or awaited` : undefined;
  },
};

const patchedUnderNewKey: Rules = {
  StepRequested({ data }, before) {
    const patchedIn = before.steps.get(data.step)?.patchedIn;
    return patchedIn === data.round ? `step ${data.step} is asked with other arguments under the key of round ${data.round}` : undefined;
  },
};

const deadlineIsToCome: Rules = {
  OperatorIntervened({ data: { action } }, { deadlinePassed, turnedBack, end, held, parked }) {
    if (action !== 'deadline') return undefined;
    if (deadlinePassed || turnedBack || end) return 'the deadline is moved when it is over';
    return held || parked.has('program') ? 'the deadline is moved while it stands still' : undefined;
  },
};

export const STEERING_LAWS: readonly RuledLaw[] = [
  law('one-way-back', 'A saga turns back once, and from then on nothing new is begun or tried again.', oneWayBack),
  law('pivot-decides', 'A saga turns back neither after its pivot succeeded nor while its outcome is open.', pivotDecides),
  law('pivot-missed', 'A pivot is not requested once a cancel waits or the deadline has passed.', pivotMissed),
  law('turns-back-for-cause', 'A saga turns back for a recorded failure, cancel or deadline.', turnsBackForCause),
  law('parked-stands-still', 'What waits for a person gets nothing new until a person acts or an answer resolves it.', parkedStandsStill),
  law('held-stands-still', 'While an operator holds a saga, nothing is requested and no time runs out.', heldStandsStill),
  law('parked-is-not-over', 'A saga does not end while something in it waits for a person.', parkedIsNotOver),
  law('requests-once', 'A request of an operator or a caller is recorded once.', requestsOnce),
  law('steering-fits', 'Cancels and the deadline are recorded only where they can mean something.', steeringFits),
  law('patched-under-a-new-key', 'Other arguments are asked under another idempotency key.', patchedUnderNewKey),
  law('deadline-is-to-come', 'A deadline is moved only before it has passed, and while it runs.', deadlineIsToCome),
  law(
    'operators-decide-the-undecided',
    'An operator declares an outcome only where none is known or awaited, but of a deferred step.',
    pivotAnswersOnce,
  ),
];
