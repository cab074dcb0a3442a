import { readHistory, stateOf } from '@skald/engine';
import { type IndexPage, type IndexQuery, type SagaState, type SagaSummary, SkaldError } from '@skald/kernel';
import type { SagaStore } from './wiring.js';

type Moment = Date | number;

/** Which sagas are wanted; all that is named must hold. Times as dates, or in epoch milliseconds. */
export interface SagaQuery extends Omit<IndexQuery, 'startedAfter' | 'startedBefore' | 'since'> {
  /** Started then or later. */
  readonly startedAfter?: Moment;
  /** Started before then. */
  readonly startedBefore?: Moment;
  /** Has had its status since then, or a later time. */
  readonly since?: Moment;
  /** Has asked this participant for something. The index does not know: histories are read, and a page may hold fewer than its limit and go on. */
  readonly participant?: string;
}

/** Histories that are read for one page. */
const MOST_READ = 1_000;
/** Histories that are read at the same time. */
const READERS = 16;

/** Rejects with `invalid-query`, `invalid-cursor` or what the store rejects with. */
export async function listSagas(store: SagaStore, query: SagaQuery): Promise<IndexPage> {
  const { participant, startedAfter, startedBefore, since, ...others } = query;
  const asked: IndexQuery = { ...others, ...times({ startedAfter, startedBefore, since }) };
  return participant === undefined ? store.index.list(asked) : listAsked(store, asked, participant);
}

function times(query: Readonly<Record<'startedAfter' | 'startedBefore' | 'since', Moment | undefined>>): Partial<IndexQuery> {
  const given = Object.entries(query).filter(([, time]) => time !== undefined);
  for (const [field, time] of given) {
    if (!Number.isFinite(Number(time))) throw new SkaldError('invalid-query', { field, problem: 'it is no point in time' });
  }
  return Object.fromEntries(given.map(([field, time]) => [field, Number(time)]));
}

async function listAsked(store: SagaStore, query: IndexQuery, participant: string): Promise<IndexPage> {
  const { limit = 100 } = query;
  const sagas: SagaSummary[] = [];
  let { after } = query;
  for (let read = 0; ; ) {
    // As many as there is room for, so that the page of the index ends where this one does.
    const page = await store.index.list({ ...query, limit: limit - sagas.length, ...(after !== undefined && { after }) });
    for (let at = 0; at < page.sagas.length; at += READERS) {
      const some = page.sagas.slice(at, at + READERS);
      const fits = await Promise.all(some.map(({ sagaId }) => hasAsked(store, sagaId, participant)));
      sagas.push(...some.filter((_, nth) => fits[nth]));
    }
    read += page.sagas.length;
    if (page.next === undefined || sagas.length >= limit || read >= MOST_READ) return { sagas, next: page.next };
    after = page.next;
  }
}

async function hasAsked({ events }: SagaStore, sagaId: string, participant: string): Promise<boolean> {
  try {
    return asks(stateOf(await readHistory(events, sagaId)), participant);
  } catch (error) {
    // Whoever looks for what may have gone wrong is to see what cannot be read.
    if (error instanceof SkaldError && error.code === 'history-unreadable') return true;
    throw error;
  }
}

function asks({ steps }: SagaState, participant: string): boolean {
  for (const { command, undo } of steps.values()) {
    if (command?.participant === participant || undo?.command?.participant === participant) return true;
  }
  return false;
}
