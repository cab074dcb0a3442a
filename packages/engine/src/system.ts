import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, Ids } from '@skald/kernel';

/** Longest delay that setTimeout takes; a longer one is cut into pieces. */
const LONGEST = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  at(at, callback) {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const wait = at - Date.now();
      timer = setTimeout(wait > LONGEST ? arm : callback, Math.min(Math.max(wait, 0), LONGEST));
    };
    arm();
    return () => clearTimeout(timer);
  },
};

export const systemIds: Ids = {
  unique: () => randomUUID(),
  incarnation: () => randomBytes(6).toString('base64url').replaceAll('-', 'a').replaceAll('_', 'b'),
};
