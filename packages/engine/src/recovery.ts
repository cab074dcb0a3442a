import {
  type EventStore,
  type Ids,
  type MessageBus,
  type Outgoing,
  type SagaIndex,
  type SagaSummary,
  SkaldError,
  type Target,
} from '@skald/kernel';
import { readHistory, stateOf } from './history.js';
import type { Observer } from './observer.js';
import type { Programs } from './programs.js';
import { isNotDeployed, NOT_DEPLOYED } from './summary.js';

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

/**
 * At the beginning of a term: sagas that fit and waited, suspended, for a version that is deployed here go on; whoever had them before may
 * not have had it. Resolves with their number.
 */
export async function resumeDeployed(ports: ResumePorts, fits: (sagaId: string) => boolean = () => true): Promise<number> {
  const { store, index, bus, programs, ids, observer } = ports;
  let resumed = 0;
  for await (const { sagaId, saga, version } of waitingForVersion(index)) {
    if (!programs.has(saga, version) || !fits(sagaId)) continue;
    try {
      const targets = await waitingTargets(store, sagaId);
      await bus.publish(targets.map((target) => retry(sagaId, target, ids.unique())));
      resumed += 1;
    } catch (error) {
      // One history that cannot be read must not keep the others, and the whole application, from starting.
      observer.troubled('a saga whose version is deployed now could not be resumed', error, sagaId);
    }
  }
  return resumed;
}

/** Tells which versions sagas wait for that are not deployed here, and how many they are. */
export async function reportWaiting({ index, programs, observer }: Pick<ResumePorts, 'index' | 'programs' | 'observer'>): Promise<void> {
  const waiting = new Map<string, { readonly saga: string; readonly version: number; sagas: number }>();
  for await (const { saga, version } of waitingForVersion(index)) {
    if (programs.has(saga, version)) continue;
    const known = waiting.get(`${saga} ${version}`) ?? { saga, version, sagas: 0 };
    known.sagas += 1;
    waiting.set(`${saga} ${version}`, known);
  }
  for (const { saga, version, sagas } of waiting.values()) {
    const what = `${sagas} ${sagas === 1 ? 'saga waits' : 'sagas wait'} for ${saga} version ${version}`;
    observer.troubled(what, new SkaldError('version-not-deployed', { saga, version }));
  }
}

async function* waitingForVersion(index: SagaIndex): AsyncGenerator<SagaSummary> {
  for (let after: string | undefined; ; ) {
    const page = await index.list({ status: ['suspended'], error: NOT_DEPLOYED, limit: PAGE, ...(after !== undefined && { after }) });
    yield* page.sagas;
    if (page.next === undefined) return;
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
