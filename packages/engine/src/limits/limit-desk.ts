/**
 * The owner of limiters: all that is said to them goes through here, in micro-batches, as the inbox does for sagas.
 *
 * Invariants
 * G1  Decide all, append all, tell the sagas, acknowledge; in this order. What was decided and not stored is forgotten, and decided anew on the
 *     stream as it is.
 * G2  A limiter has one owner at a time: that of its partition of the inbox. A stale one is refused by the expected revision.
 * G3  What sagas say is a hint. Every so often, and at the beginning of a term, the index says who waits and who has ended unheard; those are
 *     told that they have a slot, and an ended one gives it back.
 * G4  A limiter that cannot be read stops no other.
 */
import {
  type Clock,
  type Delivery,
  type EventStore,
  type InboxMessage,
  type LimitInput,
  limitStream,
  type MessageBus,
  type Outgoing,
  type Place,
  type SagaIndex,
  SkaldError,
  type StreamWrite,
} from '@skald/kernel';
import { appendResolved } from '../append-resolved.js';
import type { CrashPoints } from '../crash-points.js';
import { bySaga } from '../deciding.js';
import { encodeEvents } from '../event-codec.js';
import type { Observer } from '../observer.js';
import type { Ownership, Term } from '../ownership.js';
import { Pauses } from '../pauses.js';
import { WorkLoop } from '../work-loop.js';
import { loadLimiter } from './limit-stream.js';
import { Limiter } from './limiter.js';

export interface LimitPorts {
  readonly store: EventStore;
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
  readonly ownership: Ownership;
}

export interface LimitOptions {
  /** By saga, how many of it may run, as it is deployed here; undefined: as many as there are. */
  readonly limits: ReadonlyMap<string, number | undefined>;
  /** How often the index is asked, in milliseconds. */
  readonly checkInterval: number;
  /** Inputs in one micro-batch. */
  readonly batch: number;
}

type Job = Delivery<InboxMessage>;

interface DeskTurn {
  readonly stream: string;
  readonly jobs: readonly Job[];
  readonly limiter: Limiter;
  readonly term: Term;
  readonly write: StreamWrite | undefined;
  readonly told: readonly Place[];
  readonly hasMore: boolean;
}

const PREFIX = limitStream('');
/** Before what failed is tried again, in milliseconds. */
const PAUSE = 1_000;

export class LimitDesk {
  private readonly limiters = new Map<string, Limiter>();
  private readonly loop: WorkLoop<Job>;
  private cancelCheck: (() => void) | undefined;
  private readonly pauses: Pauses;
  private stopping = false;

  constructor(
    private readonly ports: LimitPorts,
    private readonly options: LimitOptions,
  ) {
    this.loop = new WorkLoop(options.batch, (jobs) => this.work(jobs));
    this.pauses = new Pauses(ports.clock);
  }

  deliver(jobs: readonly Job[]): void {
    this.loop.push(jobs);
  }

  /** Says how many may run as it is deployed here, and looks from time to time. Rejects with what the bus rejects with. */
  async start(): Promise<void> {
    const { bus } = this.ports;
    const said = [...this.options.limits].map(([saga, running]): Outgoing => {
      const input = { type: 'limit', do: 'set', ...(running !== undefined && { running }) } as const;
      return { address: { to: 'inbox' }, message: { kind: 'input', sagaId: limitStream(saga), input } };
    });
    if (said.length > 0) await bus.publish(said);
    this.checkLater();
  }

  /** G3, of the limiters that fit. */
  check(fits: (stream: string) => boolean = () => true): void {
    const streams = new Set([...[...this.options.limits.keys()].map(limitStream), ...this.limiters.keys()]);
    const owned = [...streams].filter((stream) => fits(stream) && this.ports.ownership.owns(stream));
    this.loop.push(owned.map(checkOf));
  }

  /** Partitions are gone: what is in hand of them is the next owner's. */
  disown(owns: (stream: string) => boolean): void {
    this.loop.keep(({ message }) => owns(message.sagaId));
    for (const stream of this.limiters.keys()) if (!owns(stream)) this.limiters.delete(stream);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.cancelCheck?.();
    const stopped = this.loop.stop();
    this.pauses.end();
    await stopped;
  }

  /** As long as there is anything to look for. */
  private checkLater(): void {
    const { clock } = this.ports;
    if (this.stopping || this.cancelCheck || !this.hasLimits()) return;
    this.cancelCheck = clock.at(clock.now() + this.options.checkInterval, () => {
      this.cancelCheck = undefined;
      this.check();
      this.checkLater();
    });
  }

  private hasLimits(): boolean {
    for (const running of this.options.limits.values()) if (running !== undefined) return true;
    for (const { state } of this.limiters.values()) if (state.revision >= 0) return true;
    return false;
  }

  private async work(batch: Job[]): Promise<void> {
    const { store, observer, crashPoints } = this.ports;
    try {
      const turns: DeskTurn[] = [];
      for (const [stream, jobs] of bySaga(batch)) turns.push(...(await this.turn(stream, jobs)));
      crashPoints.reach('limiter:decided');
      const writing = turns.filter(({ write }) => write !== undefined);
      const writes = writing.flatMap(({ write }) => write ?? []);
      const outcomes = await appendResolved(store, writes, () => this.pauses.wait(PAUSE), observer);
      const refused = new Set(writing.filter((_, at) => outcomes[at]?.type !== 'appended'));
      crashPoints.reach('limiter:appended');
      const stored = turns.filter((turn) => !refused.has(turn) && this.ports.ownership.termOf(turn.stream) === turn.term);
      await this.tell(stored);
      crashPoints.reach('limiter:published');
      for (const { jobs } of stored) for (const job of jobs) job.done();
      for (const turn of turns) if (!stored.includes(turn)) this.limiters.delete(turn.stream);
      this.checkLater();
      this.loop.pushFirst([
        ...[...refused].flatMap(({ jobs }) => jobs).filter(({ message }) => this.ports.ownership.owns(message.sagaId)),
        ...stored.filter(({ hasMore }) => hasMore).map(({ stream }) => goOn(stream)),
      ]);
    } catch (error) {
      for (const { message } of batch) this.limiters.delete(message.sagaId);
      observer.troubled(`limits cannot be kept up; sagas wait, next try in ${PAUSE} ms`, error);
      await this.pauses.wait(PAUSE);
      this.loop.pushFirst(batch.filter(({ message }) => this.ports.ownership.owns(message.sagaId)));
    }
  }

  /** None where the limiter is not this owner's, or cannot be read. */
  private async turn(stream: string, jobs: readonly Job[]): Promise<DeskTurn[]> {
    const { store, index, clock, observer, ownership } = this.ports;
    const term = ownership.termOf(stream);
    if (!term) return [];
    try {
      const limiter = this.limiters.get(stream) ?? new Limiter(stream.slice(PREFIX.length), await loadLimiter(store, stream));
      this.limiters.set(stream, limiter);
      const expectedRevision = limiter.state.revision;
      const now = clock.now();
      const isDue = jobs.some(({ message }) => message.input.type === 'wake');
      const known = ownership.isIndexed(stream) ? index : undefined;
      const silent = isDue && known ? await limiter.check(known) : [];
      const { events, told, hasMore } = await limiter.take(this.inputsOf(limiter, jobs), known, now);
      const encoded = encodeEvents(events, 'limit', limiter.head);
      limiter.head = encoded.at(-1)?.hash ?? limiter.head;
      const write = encoded.length > 0 ? { stream, expectedRevision, events: encoded } : undefined;
      return [{ stream, jobs, limiter, term, write, told: distinct([...silent, ...told]), hasMore }];
    } catch (error) {
      if (!(error instanceof SkaldError && error.code === 'history-unreadable')) throw error;
      observer.troubled('the record of a limit cannot be read; sagas that it limits wait', error, stream);
      this.limiters.delete(stream);
      for (const job of jobs) job.done();
      return [];
    }
  }

  /** What nobody has said of the limit is as it is deployed here. */
  private inputsOf({ state, saga }: Limiter, jobs: readonly Job[]): Omit<LimitInput, 'at'>[] {
    const inputs = jobs.flatMap(({ message }) => (message.input.type === 'limit' ? [message.input] : []));
    const running = this.options.limits.get(saga);
    return state.limit === undefined && running !== undefined ? [{ type: 'limit', do: 'set', running }, ...inputs] : inputs;
  }

  /** Whoever asks a limiter something as if it were a saga is told that it is none. */
  private async tell(turns: readonly DeskTurn[]): Promise<void> {
    const messages = turns.flatMap(({ jobs, told }): Outgoing[] => [
      ...told.map(
        (place): Outgoing => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId: place.sagaId, input: slotOf(place) } }),
      ),
      ...jobs.flatMap(({ message: { client, input, sagaId } }): Outgoing[] => {
        if (client === undefined || !('request' in input)) return [];
        const answer = { accepted: false, code: 'saga-not-found' } as const;
        return [{ address: { to: 'client', client }, message: { kind: 'answer', sagaId, request: input.request, answer } }];
      }),
    ]);
    if (messages.length > 0) await this.ports.bus.publish(messages);
  }
}

function distinct(places: readonly Place[]): Place[] {
  return [...new Map(places.map((place) => [place.sagaId, place])).values()];
}

/** When the holder was started, where that is on record. */
function slotOf({ since }: Place) {
  return { type: 'slot', ...(since > 0 && { since }) } as const;
}

function checkOf(stream: string): Job {
  return { message: { kind: 'input', sagaId: stream, input: { type: 'wake' } }, done: () => {} };
}

/** A turn without inputs: there is more to grant. */
function goOn(stream: string): Job {
  return { message: { kind: 'input', sagaId: stream, input: { type: 'slot' } }, done: () => {} };
}
