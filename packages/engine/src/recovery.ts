import { type EventStore, type Ids, type MessageBus, type Outgoing, type SagaIndex, type SagaSummary, SkaldError, type Target } from '@skald/kernel';
import { readHistory, stateOf } from './history.js';
import type { Programs } from './programs.js';

/** Sagas woken at once: enough for full batches, few enough to leave room for new work. */
const PAGE = 500;

/**
 * After a start or a take-over: every saga that owes the world a command is woken, whereupon its owner sends again what is owed.
 * Reads only those, never all. Resolves with their number when all wakes are with the bus.
 */
export async function recover(index: SagaIndex, bus: MessageBus): Promise<number> {
  let recovered = 0;
  for (let after = ''; ; ) {
    const page = await index.owing(after, PAGE);
    if (page.length > 0) {
      await bus.publish(page.map((sagaId) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } })));
    }
    recovered += page.length;
    after = page.at(-1) ?? after;
    if (page.length < PAGE) return recovered;
  }
}

/** Sagas that waited, suspended, for a version that is deployed now go on. Resolves with their number. */
export async function resumeDeployed(store: EventStore, index: SagaIndex, bus: MessageBus, programs: Programs, ids: Ids): Promise<number> {
  const waiting = new SkaldError('version-not-deployed').code;
  const isReady = ({ saga, version, error }: SagaSummary) => error?.startsWith(waiting) && programs.has(saga, version);
  let resumed = 0;
  for (let after: string | undefined; ; ) {
    const page = await index.list({ status: ['suspended'], limit: PAGE, ...(after !== undefined && { after }) });
    for (const { sagaId } of page.sagas.filter(isReady)) {
      const { parked } = stateOf(await readHistory(store, sagaId));
      const targets = [...parked].flatMap(([target, { error }]) => (error.name === waiting ? [target] : []));
      await bus.publish(targets.map((target) => retry(sagaId, target, ids.unique())));
      resumed += 1;
    }
    if (page.next === undefined) return resumed;
    after = page.next;
  }
}

function retry(sagaId: string, target: Target, request: string): Outgoing {
  const input = { type: 'operator', request, action: 'retry', target, by: 'skald', reason: 'its version is deployed again' } as const;
  return { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input } };
}
