import type { CatchOptions, StepEntry } from '@skald/kernel';
import type { Choices } from './choices.js';

/** What becomes of a drawn step's failure, and what it stands in for. */
export interface DrawnCatch extends CatchOptions {
  readonly instead?: string;
}

export interface CatchPlace {
  readonly at: number;
  /** Index of the pivot, or -1. */
  readonly pivot: number;
  /** Steps may stand beside the pivot, so that anything goes. */
  readonly beside: boolean;
  readonly before: readonly StepEntry[];
}

const NAMES: readonly (readonly string[] | undefined)[] = [
  undefined,
  ['Declined'],
  ['Timeout', 'Reset'],
  ['Declined', 'Refused', 'SagaAborted'],
  ['Expired', 'Timeout'],
];

/** An alternative of a step on its side of the pivot, or of the pivot itself; it stands at the place of `instead` and asks for no other. */
export function drawInstead(choices: Choices, { at, pivot, beside, before }: CatchPlace): DrawnCatch {
  if (at === 0 || at === pivot || choices.pick(5) !== 4) return {};
  const first = pivot >= 0 && at > pivot && !beside ? pivot : 0;
  const origin = before[first + choices.pick(at - first)];
  if (!origin || origin.kind === 'timer' || origin.kind === 'choice') return {};
  const on = NAMES[choices.pick(NAMES.length)];
  return { instead: origin.id, ...(on && { on }) };
}

export function drawOptional(choices: Choices): DrawnCatch {
  if (choices.pick(8) !== 7) return {};
  return { optional: NAMES[choices.pick(NAMES.length)] ?? true };
}
