/**
 * From events as they pass to what the index shall say of their sagas.
 *
 * Invariants
 * F1  A summary is exact: of the state after the last event that passed, or after a later one that is stored already.
 * F2  Memory is bounded: states of so many sagas (by what they weigh), the ended ones dropped. Of a saga that is not at hand the whole stream is read, once, and
 *     its events up to there pass unseen: what the index says of it is of a later state than they.
 * F3  A saga that cannot be read is left out and told once, and stops no other. Whatever else fails leaves everything as it was.
 * F4  A stream that tells of a saga of another name is left out too: another Skald's, on the same server, under another prefix.
 */
import {
  type EventStore,
  initialState,
  isEnded,
  isSagaStream,
  type RecordedEvent,
  type SagaState,
  type SagaSummary,
  SkaldError,
  statusOf,
} from '@skald/kernel';
import { evolveRecorded, loadSaga } from './history.js';
import type { Observer } from './observer.js';
import { weightOf } from './state-weight.js';
import { summarize } from './summary.js';

/** Streams that are read at the same time. */
const READERS = 16;
const MOST_UNREADABLE = 10_000;

export class IndexFolds {
  private readonly states = new Map<string, SagaState>();
  private readonly weights = new Map<string, number>();
  private weight = 0;
  /** F2: up to which revision the index knows sagas whose streams were read. */
  private readonly ahead = new Map<string, number>();
  private readonly unreadable = new Set<string>();

  constructor(
    private readonly store: EventStore,
    private readonly observer: Observer,
    private readonly capacity: number,
  ) {}

  /** Summaries of the sagas that these events, in global order, tell something of. Rejects with what the store rejects with. */
  async fold(all: readonly RecordedEvent[]): Promise<SagaSummary[]> {
    const events = all.filter(({ stream }) => isSagaStream(stream));
    const passing = await this.statesBefore(events.filter((event) => this.isNews(event)));
    for (const recorded of events) {
      const { stream, revision } = recorded;
      const state = passing.get(stream);
      if (!state || state.revision >= revision) continue;
      try {
        passing.set(stream, ownOf(stream, evolveRecorded(state, recorded)));
      } catch (error) {
        passing.delete(stream);
        this.leaveOut(stream, error);
      }
    }
    for (const [sagaId, state] of passing) this.keep(sagaId, state);
    return [...passing.values()].map(summarize);
  }

  private isNews({ stream, revision }: RecordedEvent): boolean {
    if (this.unreadable.has(stream)) return false;
    const known = this.ahead.get(stream);
    if (known === undefined) return true;
    if (revision >= known) this.ahead.delete(stream);
    return revision > known;
  }

  private async statesBefore(events: readonly RecordedEvent[]): Promise<Map<string, SagaState>> {
    const passing = new Map<string, SagaState>();
    const missing: RecordedEvent[] = [];
    const met = new Set<string>();
    for (const recorded of events) {
      const { stream, revision } = recorded;
      if (met.has(stream)) continue;
      met.add(stream);
      const state = this.states.get(stream) ?? (revision === 0 ? initialState() : undefined);
      if (state) passing.set(stream, state);
      else missing.push(recorded);
    }
    for (const { recorded, state } of await this.readAll(missing)) {
      passing.set(recorded.stream, state);
      if (state.revision > recorded.revision) this.ahead.set(recorded.stream, state.revision);
    }
    return passing;
  }

  /** F3: all of them, or nothing is remembered of any. */
  private async readAll(missing: readonly RecordedEvent[]): Promise<{ readonly recorded: RecordedEvent; readonly state: SagaState }[]> {
    const found: { readonly recorded: RecordedEvent; readonly state: SagaState }[] = [];
    const queue = missing.values();
    const reader = async (): Promise<void> => {
      for (const recorded of queue) {
        const state = await this.read(recorded);
        if (state) found.push({ recorded, state });
      }
    };
    const readers = await Promise.allSettled(Array.from({ length: Math.min(READERS, missing.length) }, reader));
    for (const ended of readers) if (ended.status === 'rejected') throw ended.reason;
    return found;
  }

  private async read({ stream, revision }: RecordedEvent): Promise<SagaState | undefined> {
    try {
      const { state } = await loadSaga(this.store, stream);
      const problem = `its stream ends at revision ${state.revision}`;
      // Of a stream that was deleted the events still pass; one that is only shorter was read of a server that is behind.
      if (state.phase === 'new') throw new SkaldError('history-unreadable', { stream, revision, problem: 'its stream is gone' });
      if (state.revision < revision) throw new SkaldError('store-failed', { problem: `${stream}, revision ${revision}: ${problem}` });
      return ownOf(stream, state);
    } catch (error) {
      if (!(error instanceof SkaldError && (error.code === 'history-unreadable' || error.code === 'stream-deleted'))) throw error;
      this.leaveOut(stream, error);
      return undefined;
    }
  }

  private leaveOut(sagaId: string, error: unknown): void {
    this.remove(sagaId);
    this.unreadable.add(sagaId);
    for (const oldest of this.unreadable) {
      if (this.unreadable.size <= MOST_UNREADABLE) break;
      this.unreadable.delete(oldest);
    }
    this.observer.troubled?.('a saga cannot be read and is missing in the index', error, sagaId);
  }

  private keep(sagaId: string, state: SagaState): void {
    this.remove(sagaId);
    if (isEnded(statusOf(state))) return;
    this.states.set(sagaId, state);
    const weight = weightOf(state);
    this.weights.set(sagaId, weight);
    this.weight += weight;
    for (const oldest of this.states.keys()) {
      if (this.weight <= this.capacity || this.states.size === 1) return;
      this.remove(oldest);
    }
  }

  private remove(sagaId: string): void {
    this.weight -= this.weights.get(sagaId) ?? 0;
    this.weights.delete(sagaId);
    this.states.delete(sagaId);
  }
}

/** F4 */
function ownOf(stream: string, state: SagaState): SagaState {
  if (state.sagaId === stream) return state;
  const whose = state.sagaId === '' ? 'it is no saga’s' : `it is the history of ${state.sagaId}`;
  const problem = `${whose}, written under a prefix that this store is not given`;
  throw new SkaldError('history-unreadable', { stream, revision: 0, problem });
}
