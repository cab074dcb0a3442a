import type { Clock } from '@skald/kernel';

interface Alarm {
  readonly at: number;
  /** Alarms for the same moment ring in the order in which they were set. */
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told the time: a year passes in no time, and every run sees the same. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  /** `now`: epoch milliseconds. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(at: number, callback: () => void): () => void {
    const alarm = { at, order: this.#order++, callback };
    this.#alarms.add(alarm);
    return () => {
      this.#alarms.delete(alarm);
    };
  }

  /** Number of alarms set so far: it grows while anything goes on. */
  get alarmsSet(): number {
    return this.#order;
  }

  /** Alarms that have not rung yet. */
  get pending(): number {
    return this.#alarms.size;
  }

  /** Moves on by `milliseconds`, as `advanceTo` does. */
  advance(milliseconds: number, settle?: () => Promise<void>): Promise<void> {
    return this.advanceTo(this.#now + milliseconds, settle);
  }

  /**
   * Moves on to `until`, from alarm to alarm; `settle` waits for what each moment's alarms set off, alarms of that same moment included.
   * Default: a few turns of the event loop.
   */
  async advanceTo(until: number, settle: () => Promise<void> = severalTurns): Promise<void> {
    await settle();
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.at);
      this.#ring();
      await settle();
    }
    this.#now = Math.max(this.#now, until);
  }

  /** Rings what is due now. */
  #ring(): void {
    for (let due = this.#next(this.#now); due; due = this.#next(this.#now)) {
      this.#alarms.delete(due);
      due.callback();
    }
  }

  #next(until: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue;
      if (!next || alarm.at < next.at || (alarm.at === next.at && alarm.order < next.order)) next = alarm;
    }
    return next;
  }
}

async function severalTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
