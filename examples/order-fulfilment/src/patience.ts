import { setTimeout } from 'node:timers/promises';
import { SkaldError } from '@skald/kernel';

/** Milliseconds. */
const ENOUGH = 60_000;
const PAUSE = 500;

/** What will pass, a broker that is not up yet say, is waited for: a deployment starts everything at once. */
export async function patiently<T>(start: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + ENOUGH; ; ) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof SkaldError && error.retryable) || Date.now() > deadline) throw error;
      await setTimeout(PAUSE);
    }
  }
}
