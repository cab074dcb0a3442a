import type { Clock } from '@skald/kernel';
import type { SagaEnding } from './end-watch.js';

/** How often it is looked, in milliseconds. */
const FIRST_LOOK = 50;
const LONGEST_PAUSE = 1_000;

/**
 * A saga may end in another process, which tells nobody here: it is looked for, less and less often. Where it is under way here, that would
 * only be after another process had taken it over.
 */
export async function lookForEnd(
  look: () => Promise<SagaEnding | undefined>,
  told: Promise<SagaEnding>,
  clock: Clock,
  isUnderWay: boolean,
): Promise<SagaEnding> {
  // Nobody may be listening at the moment when it rejects.
  told.catch(() => undefined);
  for (let pause = isUnderWay ? LONGEST_PAUSE : 0; ; pause = Math.min(Math.max(pause * 2, FIRST_LOOK), LONGEST_PAUSE)) {
    const ending = (pause > 0 && (await toldWithin(pause, told, clock))) || (await look());
    if (ending) return ending;
  }
}

async function toldWithin(milliseconds: number, told: Promise<SagaEnding>, clock: Clock): Promise<SagaEnding | undefined> {
  let cancel = () => {};
  const later = new Promise<undefined>((resolve) => {
    cancel = clock.at(clock.now() + milliseconds, () => resolve(undefined));
  });
  return Promise.race([told, later]).finally(cancel);
}
