import { randomUUID } from 'node:crypto';
import type { Clock, Ids } from '@skald/kernel';

/** Longest delay that setTimeout takes; a longer one is cut into pieces. */
const LONGEST = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, callback) {
    let timer: NodeJS.Timeout;
    const wait = () => {
      timer = setTimeout(elapsed, Math.min(Math.max(at - Date.now(), 0), LONGEST));
    };
    // Timers run by another clock than `now`, and may be ahead of it by a moment.
    const elapsed = () => (Date.now() < at ? wait() : callback());
    wait();
    return () => clearTimeout(timer);
  },
};

export const systemIds: Ids = {
  unique: () => randomUUID(),
  /** The first 48 bits of a random UUID: Node makes those in advance, many at once. */
  incarnation: () => {
    const uuid = randomUUID();
    return `${uuid.slice(0, 8)}${uuid.slice(9, 13)}`;
  },
};
