import type { AppendOutcome, EventStore, StreamWrite } from '@skald/kernel';
import type { Observer } from './observer.js';

/** An append whose outcome stays unknown is repeated this often. */
const REPEATS = 5;

/**
 * Appends, and repeats with the same bytes what may or may not have been stored. Answers one outcome for each write; what stays unknown is as
 * good as refused, as long as the stream is read before anything else is decided. Rejects when nothing was stored.
 */
export async function appendResolved(
  store: EventStore,
  writes: readonly StreamWrite[],
  pause: (nth: number) => Promise<void>,
  observer: Required<Observer>,
): Promise<readonly AppendOutcome[]> {
  if (writes.length === 0) return [];
  const outcomes = [...(await store.append(writes))];
  for (let nth = 1; nth <= REPEATS; nth++) {
    const doubtful = outcomes.flatMap((outcome, at) => (outcome.type === 'unknown' ? [at] : []));
    if (doubtful.length === 0) break;
    await pause(nth);
    try {
      const repeated = await store.append(doubtful.flatMap((at) => writes[at] ?? []));
      for (const [nth, at] of doubtful.entries()) outcomes[at] = repeated[nth] ?? outcomes[at] ?? { type: 'conflict', actual: -1 };
    } catch (error) {
      // The others of the batch are stored, and are not to wait for these.
      observer.troubled('an append whose outcome is unknown could not be repeated', error);
    }
  }
  return outcomes;
}
