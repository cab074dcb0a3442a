import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight } from './step-record.js';

const REQUESTS = ['StepRequested', 'StepSealRequested'] as const;
const FINAL = ['StepSucceeded', 'StepFailed', 'StepTimedOut', 'StepSealed', 'StepSealFailed'] as const;

const outcomesWereAskedFor: Rules = forEach(FINAL, ({ type, data }, before) => {
  const step = before.steps.get(data.step);
  if (!step || step.attempt === 0) return `${type} of step ${data.step}, which was never requested`;
  if (step.round !== data.round) return `${type} of step ${data.step} in round ${data.round}, which is in round ${step.round}`;
  return undefined;
});

/** A timeout and a technical failure tell of the attempt in flight, and of no other. */
const oneEndForAnAttempt: Rules = forEach(['StepFailed', 'StepTimedOut', 'StepSealFailed'], ({ type, data }, before) => {
  const step = before.steps.get(data.step);
  if (!step) return undefined;
  if (data.attempt > step.attempt) return `${type} of attempt ${data.attempt} of step ${step.id}, which is at attempt ${step.attempt}`;
  const certain = type === 'StepFailed' && data.kind !== 'technical';
  if (certain) return step.success && !isInFlight(step) ? `${type} of step ${step.id}, whose success is on record` : undefined;
  const sealing = step.seal === 'asked' && step.outcome === 'awaited';
  const awaited = step.outcome === 'awaited' && sealing === (type === 'StepSealFailed') && data.attempt === step.attempt;
  return awaited ? undefined : `${type} of attempt ${data.attempt} of step ${step.id}, which is not in flight`;
});

const attemptsCountUp: Rules = forEach(REQUESTS, ({ type, data }, before) => {
  const step = before.steps.get(data.step);
  if (type === 'StepRequested' && (data.opens === undefined) === (step === undefined)) {
    return step ? `step ${data.step} is opened twice` : `step ${data.step} is requested again, and never was before`;
  }
  const expected = step && step.round === data.round ? step.attempt + 1 : 1;
  return data.attempt === expected ? undefined : `attempt ${data.attempt} of step ${data.step} where ${expected} was to come`;
});

const oneAttemptAtATime: Rules = {
  StepRequested: ({ data }, before) => {
    const step = before.steps.get(data.step);
    return step && step.outcome !== 'waiting' ? `step ${step.id} is requested again while it is ${step.outcome}` : undefined;
  },
  StepRetryScheduled: ({ data }, before) => {
    const outcome = before.steps.get(data.step)?.outcome;
    return outcome === 'failed' || outcome === 'unknown' ? undefined : `a retry of step ${data.step}, which is ${outcome ?? 'not there'}`;
  },
  StepSealRequested: ({ data }, before) => {
    const step = before.steps.get(data.step);
    if (step && step.outcome !== 'awaited' && step.outcome !== 'succeeded' && step.seal !== 'sealed') return undefined;
    return `a seal of step ${data.step}, which is ${step?.outcome ?? 'not there'}`;
  },
};

const roundsOpenForCause: Rules = {
  StepRequested({ data }, before) {
    const step = before.steps.get(data.step);
    if (!step) return data.round === 1 ? undefined : `step ${data.step} opens in round ${data.round}`;
    if (data.round === step.round) return undefined;
    if (data.round !== step.round + 1) return `step ${step.id} goes from round ${step.round} to ${data.round}`;
    return step.mayOpenRound ? undefined : `round ${data.round} of step ${step.id} opens before a failure or a seal is on record`;
  },
};

const dependenciesFirst: Rules = {
  StepRequested: ({ data }, before) => (data.opens ? unsettled(data.step, data.opens.after, before) : undefined),
  ...forEach(['StepSkipped', 'TimerSet', 'SignalAwaited', 'ChoiceMade', 'MapStarted'], ({ data }, before) =>
    unsettled(data.step, data.after, before),
  ),
};

function unsettled(id: string, after: readonly string[], before: Chronicle): string | undefined {
  for (const dependency of after) {
    const outcome = before.steps.get(dependency)?.outcome;
    if (outcome !== 'succeeded' && outcome !== 'skipped' && outcome !== 'caught')
      return `step ${id} comes before ${dependency}, which it depends on, is settled`;
  }
  return undefined;
}

const successOnce: Rules = {
  StepSucceeded({ data }, before) {
    const step = before.steps.get(data.step);
    if (!step?.success || data.afterUndo !== undefined) return undefined;
    return `the success of step ${step.id} in round ${step.round} is recorded twice`;
  },
};

const notBefore: Rules = {
  ...forEach([...REQUESTS, 'StepTimedOut'], ({ type, at, data }, before) => {
    const step = before.steps.get(data.step);
    const timed = step && (type === 'StepTimedOut' || (step.outcome === 'waiting' && type === 'StepRequested'));
    return timed && at < step.notBefore ? `${type} of step ${step.id} ${step.notBefore - at} ms too early` : undefined;
  }),
  CompensationRequested({ at, data }, before) {
    const undo = before.steps.get(data.step)?.undo;
    if (undo?.state !== 'failed' || at >= undo.notBefore) return undefined;
    return `compensation of step ${data.step} repeated ${undo.notBefore - at} ms too early`;
  },
  DeadlinePassed: ({ at }, { deadlineAt }) => (deadlineAt === undefined || at < deadlineAt ? 'the deadline passed too early' : undefined),
};

export const STEP_LAWS: readonly RuledLaw[] = [
  law('outcomes-were-asked-for', 'Every outcome belongs to a step that was requested, in its present round.', outcomesWereAskedFor),
  law(
    'one-end-for-an-attempt',
    'An attempt fails technically or times out at most once, and only while it is in flight.',
    oneEndForAnAttempt,
  ),
  law('attempts-count-up', 'Attempts of a round count 1, 2, 3, seals among them.', attemptsCountUp),
  law('one-attempt-at-a-time', 'A step is asked again only when the attempt before is over.', oneAttemptAtATime),
  law(
    'rounds-open-for-cause',
    'A new idempotency key is opened only after a recorded failure, a seal, or an operator.',
    roundsOpenForCause,
  ),
  law(
    'dependencies-first',
    'A step is requested, skipped or begins to wait only when all steps it comes after are settled.',
    dependenciesFirst,
  ),
  law('success-once', 'The success of a round is recorded once, unless it came after its undo.', successOnce),
  law('not-before', 'Timeouts, retries and the deadline never come before their time.', notBefore),
];
