import type { HistoryEvent } from '@skald/engine';

/** When a step was first asked for, and when the last thing was heard of it; of its compensation too. Epoch milliseconds. */
export interface StepTimes {
  readonly startedAt: number;
  readonly heardAt: number;
  readonly undoneAt: number | undefined;
}

/** Of every step that a history names. */
export function stepTimes(events: readonly HistoryEvent[]): ReadonlyMap<string, StepTimes> {
  const times = new Map<string, StepTimes>();
  for (const { type, at, data } of events) {
    if (!('step' in data) || typeof data.step !== 'string') continue;
    const known = times.get(data.step) ?? { startedAt: at, heardAt: at, undoneAt: undefined };
    times.set(data.step, type.startsWith('Compensation') ? { ...known, undoneAt: at } : { ...known, heardAt: at });
  }
  return times;
}
