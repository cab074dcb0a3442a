import { forEach, law, type RuledLaw, type Rules } from './law.js';

const timersFireOnce: Rules = {
  TimerSet: ({ data }, { steps }) => (steps.has(data.step) ? `step ${data.step} begins to wait, and was there already` : undefined),
  TimerFired({ at, data }, { steps }) {
    const step = steps.get(data.step);
    if (step?.waits !== 'time' || step.outcome !== 'awaited') return `step ${data.step} has waited for its time, and waited for none`;
    return at < step.notBefore ? `step ${data.step} has waited ${step.notBefore - at} ms too short` : undefined;
  },
  OperatorIntervened({ data: { action, target, dueAt } }, { steps }) {
    if (action !== 'move') return undefined;
    const step = steps.get(target?.slice('step:'.length) ?? '');
    const waits = step?.waits && step.outcome === 'awaited' && dueAt !== undefined;
    return waits ? undefined : `an operator moves ${target}, which waits for no time`;
  },
};

const waitsAskNobody: Rules = forEach(
  ['StepRequested', 'StepSealRequested', 'StepRetryScheduled', 'CompensationRequested'],
  ({ type, data }, { steps }) =>
    steps.get(data.step)?.waits ? `${type} of step ${data.step}, which only waits and has nothing to undo` : undefined,
);

export const WAITING_LAWS: readonly RuledLaw[] = [
  law('timers-fire-once', 'A step that waits for a time does so once, and no shorter than was said last.', timersFireOnce),
  law('waits-ask-nobody', 'A step that waits is neither requested, nor sealed, nor tried again, nor undone.', waitsAskNobody),
];
