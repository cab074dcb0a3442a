import type { EventStore, Ids, MessageBus, Outgoing, SagaIndex, Target } from '@skald/kernel';
import { readHistory, stateOf } from './history.js';
import type { Observer } from './observer.js';
import type { Programs } from './programs.js';
import { isNotDeployed, waitsForVersion } from './summary.js';

/** Sagas woken at once: enough for full batches, few enough to leave room for new work. */
const PAGE = 500;

/**
 * At the beginning of a term: every saga that fits and owes the world a command is woken, whereupon its owner sends again what is owed.
 * Reads only those that owe, never all. Resolves with their number when all wakes are with the bus.
 */
export async function recover(index: SagaIndex, bus: MessageBus, fits: (sagaId: string) => boolean = () => true): Promise<number> {
  let recovered = 0;
  for (let after = ''; ; ) {
    const page = await index.owing(after, PAGE);
    const own = page.filter(fits);
    if (own.length > 0) {
      await bus.publish(own.map((sagaId) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } })));
    }
    recovered += own.length;
    after = page.at(-1) ?? after;
    if (page.length < PAGE) return recovered;
  }
}

export interface ResumePorts {
  readonly store: EventStore;
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly programs: Programs;
  readonly ids: Ids;
  readonly observer: Required<Observer>;
}

/** Sagas that waited, suspended, for a version that is deployed now go on. Resolves with their number. */
export async function resumeDeployed({ store, index, bus, programs, ids, observer }: ResumePorts): Promise<number> {
  let resumed = 0;
  for (let after: string | undefined; ; ) {
    const page = await index.list({ status: ['suspended'], limit: PAGE, ...(after !== undefined && { after }) });
    for (const summary of page.sagas) {
      const { sagaId, saga, version } = summary;
      if (!waitsForVersion(summary) || !programs.has(saga, version)) continue;
      try {
        const targets = await waitingTargets(store, sagaId);
        await bus.publish(targets.map((target) => retry(sagaId, target, ids.unique())));
        resumed += 1;
      } catch (error) {
        // One history that cannot be read must not keep the others, and the whole application, from starting.
        observer.troubled('a saga whose version is deployed now could not be resumed', error, sagaId);
      }
    }
    if (page.next === undefined) return resumed;
    after = page.next;
  }
}

async function waitingTargets(store: EventStore, sagaId: string): Promise<Target[]> {
  const { parked } = stateOf(await readHistory(store, sagaId));
  return [...parked].flatMap(([target, { error }]) => (isNotDeployed(error) ? [target] : []));
}

function retry(sagaId: string, target: Target, request: string): Outgoing {
  const input = { type: 'operator', request, action: 'retry', target, by: 'skald', reason: 'its version is deployed again' } as const;
  return { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input } };
}
