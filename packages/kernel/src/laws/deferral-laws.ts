import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight } from './step-record.js';

const deferredWasAsked: Rules = {
  StepDeferred({ data }, { steps, turnedBack }) {
    const step = steps.get(data.step);
    if (!step?.callback && !step?.child) return `step ${data.step} is deferred, and has no callback`;
    if (step.round !== data.round) return `step ${step.id} is deferred in round ${data.round}, and is in round ${step.round}`;
    if (step.deferred) return `step ${step.id} is deferred twice`;
    const asked = isInFlight(step) || (!turnedBack && (step.outcome === 'failed' || step.outcome === 'unknown'));
    return asked && step.seal !== 'asked' && step.seal !== 'sealed' ? undefined : `step ${step.id} is deferred, and is ${step.outcome}`;
  },
};

const tokensEndOnce: Rules = forEach(['StepSucceeded', 'StepFailed'], ({ type, data }, before) => {
  const step = before.steps.get(data.step);
  if (!data.task) return undefined;
  if (!step?.callback) return `${type} of step ${data.step} by a task token, which it has not`;
  if (before.turnedBack || before.end) return `${type} of step ${step.id} by a task token that was revoked`;
  return isInFlight(step) || step.outcome === 'unknown'
    ? undefined
    : `${type} by the task token of step ${step.id}, which is ${step.outcome}`;
});

const heartbeatsCount: Rules = {
  HeartbeatReceived({ data }, before) {
    const step = before.steps.get(data.step);
    const interval = step?.callback?.heartbeat;
    if (!step?.deferred || interval === undefined || step.round !== data.round)
      return `step ${data.step} has a heartbeat, and waits for none`;
    if (before.held || before.parked.has('program')) return `a heartbeat of step ${step.id} is recorded while time stands still`;
    const later = data.heartbeatAt - step.heartbeatAt;
    return later * 3 >= interval ? undefined : `a heartbeat of step ${step.id} is recorded that puts off the next by ${later} ms`;
  },
};

const deferredWaitsItsTime: Rules = {
  StepTimedOut({ at, data }, { steps }) {
    const step = steps.get(data.step);
    if (!step?.deferred) return data.heartbeat ? `step ${data.step} misses a heartbeat, and waits for none` : undefined;
    const due = data.heartbeat ? step.heartbeatAt : step.deferredUntil;
    return at < due ? `step ${step.id} is given up ${due - at} ms too early` : undefined;
  },
  StepRetryScheduled({ data }, { steps }) {
    const step = steps.get(data.step);
    const underSameKey = step?.abandoned && step.round === data.round;
    return underSameKey ? `step ${data.step} is tried again under a key that somebody may be working on` : undefined;
  },
};

export const DEFERRAL_LAWS: readonly RuledLaw[] = [
  law('deferred-was-asked', 'A step is deferred once in a round, while it is asked, and only where it has a callback.', deferredWasAsked),
  law('tokens-end-once', 'A task token ends its step once, and never after the saga has turned back.', tokensEndOnce),
  law('heartbeats-count', 'A heartbeat is recorded only of a deferred step, and only where it matters.', heartbeatsCount),
  law(
    'deferred-waits-its-time',
    'A deferred step is given up no earlier than was said last, and is not tried again under the same key.',
    deferredWaitsItsTime,
  ),
];
