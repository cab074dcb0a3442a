/**
 * The whole store folded, in one pass in global order.
 *
 * Invariants
 * U1  Every event of every saga is folded, and each that cannot be is named. Streams that are no sagas are passed over.
 * U2  Memory is bounded: the events of a saga are kept until its end passes, so many in all; then they are folded together, and the state is
 *     dropped as young as it is (states that are kept while others pass cost a third of the speed, measured). Sagas that find no room are folded
 *     as far as they have come, and their streams are read again when more of them passes.
 * U3  Nothing is read more than twice but what is short. A saga that turns out to have many events is folded as it passes, one at a time; those beside it
 *     are put off, and folded by themselves at the end, a page at a time. What is remembered of them is how far they went.
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
  readonly unreadable: readonly Unreadable[];
}

interface Unreadable {
  readonly stream: string;
  readonly revision: number;
  readonly problem: string;
}

export interface ReplayOptions {
  /** Events kept, about a kilobyte each. Default 100,000. */
  readonly kept?: number;
  /** From so many events on a saga is folded as it passes, or by itself at the end. Default 1,000. */
  readonly long?: number;
  readonly onPage?: (events: readonly RecordedEvent[]) => void;
}

const MOST_UNREADABLE = 1_000;
/** From so many events on a saga is long. */
const LONG = 1_000;

export async function replayAll(store: EventStore, options: ReplayOptions = {}): Promise<FullReplay> {
  return new ReplayPass(store, options).run();
}

class ReplayPass {
  /** The events of sagas that have not ended, those that began latest at the end. */
  private readonly waiting = new Map<string, RecordedEvent[]>();
  private kept = 0;
  /** U3: the long saga that is folded as it passes. */
  private long: { readonly stream: string; readonly state: SagaState } | undefined;
  /** Long ones that were, and have ended. */
  private readonly endedLong = new Map<string, SagaStatus>();
  /** Long ones that were not, with the revision of the last event that passed. */
  private readonly putOff = new Map<string, number>();
  private readonly unreadable = new Map<string, Unreadable>();
  private readonly ended: Partial<Record<SagaStatus, number>> = {};
  private events = 0;
  private sagas = 0;
  private finished = 0;

  constructor(
    private readonly store: EventStore,
    private readonly options: ReplayOptions,
  ) {}

  async run(): Promise<FullReplay> {
    const until = await this.store.head();
    for (let position = 0; position < until; ) {
      const page = await this.store.readAll(position, PAGE);
      for (const event of page) {
        if (event.position > until || !isSagaStream(event.stream)) continue;
        this.events += 1;
        // An event that needs nothing read is not waited for: that would cost a tenth of the speed.
        if (!this.take(event)) await this.takeUpAgain(event);
      }
      const last = page.at(-1);
      if (!last) break;
      position = last.position;
      this.options.onPage?.(page);
    }
    for (const events of this.waiting.values()) this.fold(events);
    this.waiting.clear();
    for (const [stream, last] of this.putOff) await this.foldLong(stream, last);
    const { events, sagas, ended, finished } = this;
    return { events, sagas, ended, open: sagas - finished, unreadable: [...this.unreadable.values()] };
  }

  /** False where events before it must be read first. */
  private take(event: RecordedEvent): boolean {
    const { stream, revision } = event;
    const events = this.waiting.get(stream);
    if (events) this.add(events, event);
    else if (this.long?.stream === stream) this.follow([event], this.long);
    else if (this.putOff.has(stream) || this.goesOnAfterItsEnd(stream)) this.putOff.set(stream, revision);
    else if (revision === 0) this.add(this.begin(stream), event);
    else return false;
    return true;
  }

  private begin(stream: string): RecordedEvent[] {
    this.sagas += 1;
    return this.wait(stream, []);
  }

  private async takeUpAgain(event: RecordedEvent): Promise<void> {
    const events = await this.others(event);
    if (events) this.add(events, event);
  }

  /** A long one, for a while: it had been counted as ended. */
  private goesOnAfterItsEnd(stream: string): boolean {
    const ended = this.endedLong.get(stream);
    if (!ended) return false;
    this.count(ended, -1);
    return this.endedLong.delete(stream);
  }

  private follow(events: readonly RecordedEvent[], long: NonNullable<ReplayPass['long']>): void {
    const status = this.statusAfter(events, long.state);
    this.long = status === undefined || isEnded(status) ? undefined : long;
    if (status === undefined || !isEnded(status)) return;
    this.count(status, 1);
    this.endedLong.set(long.stream, status);
  }

  private setApart(stream: string, events: readonly RecordedEvent[]): void {
    this.waiting.delete(stream);
    this.kept -= events.length;
    if (this.long) this.putOff.set(stream, events.length - 1);
    else this.follow(events, { stream, state: initialState() });
  }

  /** The events before one whose saga does not wait: it had ended, or found no room. */
  private async others(event: RecordedEvent): Promise<RecordedEvent[] | undefined> {
    const { stream, revision } = event;
    if (this.unreadable.has(stream)) return undefined;
    const before: RecordedEvent[] = [];
    while (before.length < revision) {
      const page = await this.store.read(stream, { from: before.length, limit: Math.min(PAGE, revision - before.length) });
      if (page.length === 0) {
        this.leaveOut(event, new Error('events before it are missing'));
        return undefined;
      }
      before.push(...page);
    }
    const status = this.statusAfter(before);
    if (status === undefined) return undefined;
    if (isEnded(status)) this.count(status, -1);
    return this.wait(stream, before);
  }

  private wait(stream: string, events: RecordedEvent[]): RecordedEvent[] {
    this.waiting.set(stream, events);
    this.kept += events.length;
    return events;
  }

  private add(events: RecordedEvent[], event: RecordedEvent): void {
    events.push(event);
    this.kept += 1;
    if (events.length >= (this.options.long ?? LONG)) this.setApart(event.stream, events);
    else if (ENDS.has(event.type)) this.release(event.stream, events);
    const most = this.options.kept ?? 100_000;
    for (const [stream, oldest] of this.waiting) {
      if (this.kept <= most) return;
      this.release(stream, oldest);
    }
  }

  private release(stream: string, events: readonly RecordedEvent[]): void {
    this.waiting.delete(stream);
    this.kept -= events.length;
    this.fold(events);
  }

  private fold(events: readonly RecordedEvent[]): void {
    const status = this.statusAfter(events);
    if (status !== undefined && isEnded(status)) this.count(status, 1);
  }

  private async foldLong(stream: string, last: number): Promise<void> {
    const state = initialState();
    while (state.revision < last) {
      const page = await this.store.read(stream, { from: state.revision + 1, limit: Math.min(PAGE, last - state.revision) });
      if (page.length === 0 || this.statusAfter(page, state) === undefined) return;
      this.options.onPage?.(page);
    }
    const status = statusOf(state);
    if (isEnded(status)) this.count(status, 1);
  }

  /** Undefined where they cannot be folded. */
  private statusAfter(events: readonly RecordedEvent[], state = initialState()): SagaStatus | undefined {
    for (const event of events) {
      try {
        evolve(state, decoded(event));
      } catch (error) {
        this.leaveOut(event, error);
        return undefined;
      }
    }
    return statusOf(state);
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

const ENDS: ReadonlySet<string> = new Set<SagaEvent['type']>([
  ...(['SagaCompleted', 'SagaCompensated', 'SagaFailed', 'SagaCancelled', 'SagaTerminated', 'ExpressSagaEnded'] as const),
]);

/** As `encodeEvents` writes metadata: the time is all that a fold needs of them. */
const WRITTEN = /^\{"at":(\d+),"cause":"[^"]*","format":1[,}]/;

/** Like `decodeEvent`, without making the data unchangeable: nobody but the fold sees them. */
function decoded(recorded: RecordedEvent): SagaEvent {
  const at = WRITTEN.exec(recorded.metadata)?.[1];
  if (at === undefined) return decodeEvent(recorded);
  return { type: recorded.type, at: Number(at), data: JSON.parse(recorded.data) } as SagaEvent;
}
