import { forEach, law, type RuledLaw, type Rules } from './law.js';

const BEGINS = ['StepRequested', 'StepSkipped', 'TimerSet', 'SignalAwaited', 'ChoiceMade', 'MapStarted', 'SagaCompleted'] as const;

const throttledWaits: Rules = forEach(BEGINS, ({ type }, { slot, turnedBack }) =>
  slot === 'asked' && !turnedBack ? `${type} while the saga waits for a slot` : undefined,
);

const slotsAreAskedFor: Rules = {
  SlotGranted: (_event, { slot, turnedBack, end }) => {
    if (slot !== 'asked') return slot === 'held' ? 'a slot is granted twice' : 'a slot is granted that was not asked for';
    return turnedBack || end ? 'a slot is granted to a saga that does not go forward' : undefined;
  },
};

export const SLOT_LAWS: readonly RuledLaw[] = [
  law('throttled-waits', 'A saga that only so many of may run begins nothing before it has a slot.', throttledWaits),
  law('slots-are-asked-for', 'A slot is granted once, to a saga that waits for it.', slotsAreAskedFor),
];
