import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';

const caughtForCause: Rules = {
  StepFailureCaught({ data: { step: id } }, { steps, parked }) {
    const step = steps.get(id);
    if (step?.outcome !== 'failed' && step?.outcome !== 'unknown')
      return `the failure of step ${id} is caught, which is ${step?.outcome ?? 'not there'}`;
    if (parked.has(`step:${id}`)) return `the failure of step ${id} is caught while it waits for a person`;
    const closed = step.waits !== undefined || step.mayOpenRound;
    return closed ? undefined : `the failure of step ${id} is caught, and nothing says that it will not run any more`;
  },
};

/** What begins in the place of another step. */
function inPlace({ data: { step } }: { readonly data: { readonly step: string } }, before: Chronicle): string | undefined {
  const origin = before.standIns.get(step);
  if (!origin || before.steps.has(step)) return undefined;
  const { standing, undo } = origin;
  const stands = standing === 'effect' || standing === 'maybe' || undo.state === 'asked' || undo.state === 'failed';
  return stands ? `step ${step} begins in the place of step ${origin.id}, which may stand` : undefined;
}

const fallbackAfterFailure: Rules = {
  ...forEach(['StepRequested', 'TimerSet', 'SignalAwaited'], inPlace),
  StepFailureCaught({ data: { step, by } }, { steps }) {
    return by !== undefined && steps.has(by) ? `step ${by} is to stand in for step ${step}, and has begun` : undefined;
  },
};

const choicesOnce: Rules = {
  ChoiceMade({ data: { step, chosen, notTaken } }, { steps }) {
    if (steps.has(step)) return `choice ${step} is made a second time`;
    return notTaken.includes(chosen) ? `choice ${step} takes ${chosen}, and does not` : undefined;
  },
  ...forEach(
    ['StepRequested', 'StepFailed', 'StepTimedOut', 'StepFailureCaught', 'CompensationRequested'],
    ({ type, data }, { choices }) => (choices.has(data.step) ? `${type} of step ${data.step}, which is a choice` : undefined),
  ),
};

export const CATCH_LAWS: readonly RuledLaw[] = [
  law('caught-for-cause', 'A failure is caught only of a step that has ended without success and will not run any more.', caughtForCause),
  law('fallback-after-failure', 'A step begins in the place of another only when nothing of that one stands.', fallbackAfterFailure),
  law('choices-once', 'A choice takes one branch, once, and has nothing that could fail or be undone.', choicesOnce),
];
