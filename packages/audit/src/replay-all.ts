/**
 * The whole store folded, in one pass in global order.
 *
 * Invariants
 * U1  Every event of every saga is folded, and each that cannot be is named. Streams that are no sagas are passed over.
 * U2  Memory is bounded: states of so many sagas that have not ended. Of one that was forgotten, or had ended and goes on, the stream is read
 *     again up to there.
 */
import { decodeEvent } from '@skald/engine';
import {
  type EventStore,
  evolve,
  initialState,
  isEnded,
  isSagaStream,
  type RecordedEvent,
  type SagaEvent,
  type SagaState,
  type SagaStatus,
  statusOf,
} from '@skald/kernel';
import { PAGE } from './reading.js';

export interface FullReplay {
  readonly events: number;
  readonly sagas: number;
  /** Sagas that have ended, by how. */
  readonly ended: Readonly<Partial<Record<SagaStatus, number>>>;
  /** Sagas under way. */
  readonly open: number;
  /** The first of those that cannot be folded, with what is wrong. */
  readonly unreadable: readonly { readonly stream: string; readonly revision: number; readonly problem: string }[];
}

export interface ReplayOptions {
  /** States remembered. Default 20,000. */
  readonly states?: number;
  readonly onPage?: (events: readonly RecordedEvent[]) => void;
}

const MOST_UNREADABLE = 1_000;

export async function replayAll(store: EventStore, options: ReplayOptions = {}): Promise<FullReplay> {
  return new ReplayPass(store, options).run();
}

class ReplayPass {
  private young = new Map<string, SagaState>();
  private old = new Map<string, SagaState>();
  private readonly unreadable = new Map<string, { readonly stream: string; readonly revision: number; readonly problem: string }>();
  private readonly ended: Partial<Record<SagaStatus, number>> = {};
  private readonly states: number;
  private events = 0;
  private sagas = 0;
  private finished = 0;

  constructor(
    private readonly store: EventStore,
    private readonly options: ReplayOptions,
  ) {
    this.states = Math.max(1, Math.ceil((options.states ?? 20_000) / 2));
  }

  async run(): Promise<FullReplay> {
    const until = await this.store.head();
    for (let position = 0; position < until; ) {
      const page = await this.store.readAll(position, PAGE);
      for (const event of page) {
        if (event.position > until || !isSagaStream(event.stream)) continue;
        this.events += 1;
        const state = this.stateBefore(event) ?? (await this.readBack(event));
        if (state) this.fold(state, event);
      }
      const last = page.at(-1);
      if (!last) break;
      position = last.position;
      this.options.onPage?.(page);
    }
    const { events, sagas, ended, finished } = this;
    return { events, sagas, ended, open: sagas - finished, unreadable: [...this.unreadable.values()] };
  }

  private stateBefore({ stream, revision }: RecordedEvent): SagaState | undefined {
    if (revision === 0) {
      this.sagas += 1;
      return initialState();
    }
    return this.young.get(stream) ?? this.old.get(stream);
  }

  /** U2 */
  private async readBack(event: RecordedEvent): Promise<SagaState | undefined> {
    const { stream, revision } = event;
    if (this.unreadable.has(stream)) return undefined;
    const state = initialState();
    while (state.revision < revision - 1) {
      const page = await this.store.read(stream, { from: state.revision + 1, limit: Math.min(PAGE, revision - 1 - state.revision) });
      try {
        if (page.length === 0) throw new Error('the events before it are missing');
        for (const recorded of page) evolve(state, decoded(recorded));
      } catch (error) {
        this.leaveOut(event, error);
        return undefined;
      }
    }
    const status = statusOf(state);
    if (isEnded(status)) this.count(status, -1);
    return state;
  }

  private fold(state: SagaState, event: RecordedEvent): void {
    const { stream } = event;
    try {
      evolve(state, decoded(event));
    } catch (error) {
      this.young.delete(stream);
      this.old.delete(stream);
      this.leaveOut(event, error);
      return;
    }
    if (state.phase === 'ended' && isEnded(statusOf(state))) {
      this.count(statusOf(state), 1);
      this.young.delete(stream);
      this.old.delete(stream);
    } else this.keep(stream, state);
  }

  private keep(stream: string, state: SagaState): void {
    if (this.young.size >= this.states && !this.young.has(stream)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(stream, state);
  }

  private count(status: SagaStatus, by: 1 | -1): void {
    this.ended[status] = (this.ended[status] ?? 0) + by;
    this.finished += by;
  }

  private leaveOut({ stream, revision }: RecordedEvent, error: unknown): void {
    if (this.unreadable.size >= MOST_UNREADABLE) return;
    this.unreadable.set(stream, { stream, revision, problem: error instanceof Error ? error.message : String(error) });
  }
}

/** As `encodeEvents` writes metadata: the time is all that a fold needs of them. */
const WRITTEN = /^\{"at":(\d+),"cause":"[^"]*","format":1[,}]/;

/** Like `decodeEvent`, without making the data unchangeable: nobody but the fold sees them, and that takes a third of the time. */
function decoded(recorded: RecordedEvent): SagaEvent {
  const at = WRITTEN.exec(recorded.metadata)?.[1];
  if (at === undefined) return decodeEvent(recorded);
  return { type: recorded.type, at: Number(at), data: JSON.parse(recorded.data) } as SagaEvent;
}
