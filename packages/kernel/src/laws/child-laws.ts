import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight } from './step-record.js';

const withdrawnForCause: Rules = {
  WithdrawnByParent({ data: { round } }, { parent, withdrawn, pivotSucceeded, end }) {
    if (!parent) return 'it is withdrawn, and no saga started it';
    if (round <= withdrawn) return `it is withdrawn by round ${round}, and was by round ${withdrawn}`;
    if (pivotSucceeded) return 'it is withdrawn after its pivot succeeded';
    return end && end.type !== 'SagaCompleted' ? `it is withdrawn after ${end.type}` : undefined;
  },
  CompensationStarted({ data: { reason } }, { end, withdrawn }) {
    if (reason.type !== 'withdrawn') return end ? `it turns back after ${end.type}, and was not withdrawn` : undefined;
    return end?.type === 'SagaCompleted' && withdrawn > 0 ? undefined : 'it is undone for its parent, and was not completed and withdrawn';
  },
};

const childrenAreAskedInTime: Rules = {
  ChildAskedAgain({ at, data: { target } }, { steps, held, parked }) {
    const step = steps.get(target.slice(target.indexOf(':') + 1));
    if (!step?.child) return `${target} is asked again, and is no child`;
    if (held || parked.has('program')) return `${target} is asked again while the saga stands still`;
    const undo = target.startsWith('compensation:');
    const awaited = undo ? step.undo.state === 'asked' : isInFlight(step);
    if (!awaited) return `${target} is asked again, and nothing of it is awaited`;
    const due = undo ? step.undo.notBefore : step.notBefore;
    return at < due ? `${target} is asked again ${due - at} ms too early` : undefined;
  },
  ...forEach(['StepTimedOut'], ({ data: { step } }, { steps }) =>
    steps.get(step)?.child ? `child ${step} is given up for not being heard of` : undefined,
  ),
};

export const CHILD_LAWS: readonly RuledLaw[] = [
  law(
    'withdrawn-for-cause',
    'Only the saga that started it withdraws it, and never past its pivot; once it has completed it is undone for nothing else.',
    withdrawnForCause,
  ),
  law(
    'children-are-asked-in-time',
    'A child is asked again when it was not heard of in time, and is not given up for that.',
    childrenAreAskedInTime,
  ),
];
