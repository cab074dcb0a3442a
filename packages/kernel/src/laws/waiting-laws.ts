import type { Chronicle } from './chronicle.js';
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
    const waits = ((step?.waits && step.waits !== 'items') || step?.deferred) && step.outcome === 'awaited' && dueAt !== undefined;
    return waits ? undefined : `an operator moves ${target}, which waits for no time`;
  },
};

const signalsOnce: Rules = {
  SignalReceived({ data: { name, id } }, { signals, turnedBack }) {
    if (turnedBack) return `signal ${name} is recorded after the saga turned back`;
    return signals.has(name, id) ? `signal ${name} ${id} is recorded twice` : undefined;
  },
};

/** What a step says of a signal it says of the oldest of the name that it waits for, and while nothing holds it. */
function outOfTurn(id: string, signal: string | undefined, before: Chronicle): string | undefined {
  const step = before.steps.get(id);
  if (step?.waits !== 'signal') return signal === undefined ? undefined : `step ${id} takes signal ${signal}, and waits for none`;
  if (signal === undefined) return `step ${id} waits for signal ${step.signal}, and is settled without`;
  if (step.outcome !== 'awaited') return `step ${id} takes signal ${signal}, and is ${step.outcome}`;
  if (before.held || before.parked.has('program')) return `step ${id} takes signal ${signal} while the saga stands still`;
  const [oldest] = before.signals.keptOf(step.signal ?? '');
  return oldest === signal ? undefined : `step ${id} takes signal ${signal}, and ${oldest ?? 'none'} is the oldest`;
}

const signalsInOrder: Rules = forEach(['StepSucceeded', 'StepFailed', 'SignalDiscarded'], ({ data: { step, signal } }, before) =>
  outOfTurn(step, signal, before),
);

const waitsBeginForCause: Rules = {
  SignalAwaited({ data }, { steps }) {
    const step = steps.get(data.step);
    if (!step) return data.round === 1 ? undefined : `step ${data.step} begins to wait in round ${data.round}`;
    const again = step.waits === 'signal' && step.outcome === 'waiting' && data.round === step.round + 1;
    return again ? undefined : `step ${data.step} begins to wait again, and nobody asked for it`;
  },
  StepSkipped({ at, data }, { steps }) {
    const step = steps.get(data.step);
    if (!step) return undefined;
    if (step.waits !== 'signal' || step.outcome !== 'awaited') return `step ${data.step} is skipped, and was begun`;
    return at < step.notBefore ? `step ${data.step} is skipped ${step.notBefore - at} ms too early` : undefined;
  },
};

const waitsAskNobody: Rules = forEach(
  ['StepRequested', 'StepSealRequested', 'StepRetryScheduled', 'CompensationRequested'],
  ({ type, data }, { steps }) =>
    steps.get(data.step)?.waits ? `${type} of step ${data.step}, which only waits and has nothing to undo` : undefined,
);

export const WAITING_LAWS: readonly RuledLaw[] = [
  law('timers-fire-once', 'A step that waits for a time does so once, and no shorter than was said last.', timersFireOnce),
  law('signals-once', 'A signal is recorded once, and none once the saga has turned back.', signalsOnce),
  law('signals-in-order', 'A step that waits for a signal takes the oldest of its name, and is settled by nothing else.', signalsInOrder),
  law(
    'waits-begin-for-cause',
    'A step waits for a signal once, but for an operator, and is passed over only when its time is up.',
    waitsBeginForCause,
  ),
  law('waits-ask-nobody', 'A step that waits is neither requested, nor sealed, nor tried again, nor undone.', waitsAskNobody),
];
