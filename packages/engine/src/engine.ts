import {
  type BusConsumer,
  type Clock,
  type Delivery,
  type EventStore,
  type Fence,
  type Ids,
  type InboxMessage,
  isLimitStream,
  type MessageBus,
  type ParticipantMessage,
  type PayloadCodec,
  type SagaIndex,
  SkaldError,
} from '@skald/kernel';
import { type CrashPoints, NO_CRASH_POINTS } from './crash-points.js';
import { ExpressSagas } from './express/express-sagas.js';
import { Inbox } from './inbox.js';
import type { IndexProjection } from './index-projection.js';
import { LimitDesk } from './limits/limit-desk.js';
import { type Observer, observers } from './observer.js';
import { Ownership } from './ownership.js';
import type { ParticipantDefinition } from './participants/actions.js';
import { ParticipantRunner } from './participants/participant-runner.js';
import type { Programs } from './programs.js';
import { catchUpIndex } from './rebuild-index.js';
import { recover, reportWaiting, resumeDeployed } from './recovery.js';
import { Resends } from './resends.js';
import { systemClock, systemIds } from './system.js';
import { TaskTokens } from './task-tokens.js';
import { Timers } from './timers.js';

export interface EngineOptions {
  readonly bus: MessageBus;
  /** Time, as tests bring their own. Default: the system’s. */
  readonly clock?: Clock;
  /** Ids, as tests bring their own. Default: random ones. */
  readonly ids?: Ids;
  readonly observers?: readonly Observer[];
  /** Where tests may end the process. Default: nowhere. */
  readonly crashPoints?: CrashPoints;
  /** Inputs in one micro-batch, 1 to 10,000. Default 1,000. */
  readonly inboxBatch?: number;
  /** Micro-batches on their way at once, 1 to 16. Default: 2 where the store commits a whole batch as one (it has `ownIndex`), else 4. */
  readonly inboxBatches?: number;
  /** Saga states kept at hand; one of many steps counts for one for each ten of them. Default 20,000. */
  readonly cachedSagas?: number;
  /** Express sagas in memory at once; further ones wait. Default 5,000. */
  readonly expressInFlight?: number;
  /** How often the index is asked for timers, in milliseconds. Default 1,000. */
  readonly timerScanInterval?: number;
  /** How often it is looked whether a saga waits for a slot, or has given one back, unheard; in milliseconds. Default 30,000. */
  readonly limitCheckInterval?: number;
  /** Commands in one transaction of a participant. Default 500. */
  readonly participantBatch?: number;
  /** How long an external participant's action may run before it counts as interrupted, in milliseconds. Default 60,000. */
  readonly participantLease?: number;
  /** Encrypts the payloads of events. Default: they are stored in the clear. */
  readonly codec?: PayloadCodec;
  /** What task tokens are made with: the first signs, all verify. Absent: no step can be answered later. */
  readonly taskSecrets?: readonly [string, ...(readonly string[])];
  /** Feeds the index of a store that keeps none; started before the engine, stopped after it. Absent: the store keeps the index. */
  readonly projection?: IndexProjection;
}

function portsOf(options: EngineOptions) {
  return {
    bus: options.bus,
    clock: options.clock ?? systemClock,
    ids: options.ids ?? systemIds,
    observer: observers(options.observers ?? []),
    crashPoints: options.crashPoints ?? NO_CRASH_POINTS,
  };
}

/** Until a take-over that failed is tried again, in milliseconds. */
const TAKE_OVER_PAUSE = 2_000;

/** Owns sagas: decides, stores, sends, wakes, recovers. */
export class Orchestrator {
  private readonly inbox: Inbox;
  private readonly limits: LimitDesk;
  private readonly timers: Timers;
  private readonly resends: Resends;
  private readonly ownership: Ownership;
  private readonly express: ExpressSagas | undefined;
  /** The taking over of partitions, one after the other. */
  private takingOver = Promise.resolve();
  private readonly retries = new Set<() => void>();
  private readonly stopping = new AbortController();
  private recovered = 0;
  private consumer: BusConsumer | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly index: SagaIndex,
    private readonly programs: Programs,
    private readonly options: EngineOptions,
  ) {
    this.ownership = new Ownership(
      options.bus.partitioning,
      (partitions) => this.takeOver(partitions),
      (owns) => {
        this.inbox.disown(owns);
        this.limits.disown(owns);
      },
      (partitions) => this.missed(partitions),
    );
    const { projection, codec, taskSecrets } = options;
    const tokens = taskSecrets && new TaskTokens(taskSecrets);
    const ports = { ...portsOf(options), store, index, programs, ownership: this.ownership, projection, codec, tokens };
    this.timers = new Timers(ports, { scanInterval: options.timerScanInterval ?? 1_000, portion: 1_000 });
    const batch = Math.max(1, options.inboxBatch ?? 1_000);
    this.limits = new LimitDesk(ports, { limits: programs.limits, batch, checkInterval: options.limitCheckInterval ?? 30_000 });
    const sizes = {
      batch,
      cache: Math.max(1, options.cachedSagas ?? 20_000),
      width: options.inboxBatches,
    };
    this.resends = new Resends({
      clock: ports.clock,
      owns: (sagaId) => this.ownership.owns(sagaId),
      send: (sagaId, revision) => this.inbox.resend(sagaId, revision),
    });
    this.inbox = new Inbox(ports, sizes, (sagaId, state, position) => {
      this.timers.onTurn(sagaId, state, position);
      this.resends.onTurn(sagaId, state);
    });
    const inFlight = Math.max(1, options.expressInFlight ?? 5_000);
    if (programs.anyExpress) this.express = new ExpressSagas(ports, { inFlight, batch });
  }

  /**
   * Takes over the inbox, or its share of it, and resolves when the index is up to date and what is owed is sent; where a projection feeds
   * the index, work goes on meanwhile. Answers how many sagas owed something.
   */
  async start(): Promise<number> {
    const { store, index, programs, ownership } = this;
    const { bus, observer } = portsOf(this.options);
    const { projection } = this.options;
    if (!projection) await catchUpIndex(store, index, observer);
    this.consumer = await bus.consume({ to: 'inbox' }, (batch) => this.deliver(batch as readonly Delivery<InboxMessage>[]), ownership);
    await this.limits.start();
    await this.express?.start();
    // What is decided from now on falls due in time, however long the index takes.
    if (projection) this.timers.start();
    await this.takingOver;
    await projection?.caughtUp(undefined, this.stopping.signal);
    await reportWaiting({ index, programs, observer });
    this.timers.start();
    return this.recovered;
  }

  /** What is said to a limiter under the name of a saga is nobody's. */
  private deliver(batch: readonly Delivery<InboxMessage>[]): void {
    const limits = batch.filter(({ message }) => isLimitStream(message.sagaId));
    const stray = batch.filter(({ message }) => message.input.type === 'limit' && !isLimitStream(message.sagaId));
    if (limits.length > 0) this.limits.deliver(limits);
    for (const delivery of stray) delivery.done();
    const isForSaga = ({ message }: Delivery<InboxMessage>) => message.input.type !== 'limit' && !isLimitStream(message.sagaId);
    this.inbox.deliver(limits.length + stray.length > 0 ? batch.filter(isForSaga) : batch);
  }

  /**
   * O5. Participants answer from their records what was lost of their replies; callers repeat what they do not get an answer to. A signal whose
   * sender did not wait for the answer is lost.
   */
  private missed(partitions: readonly number[]): void {
    const { observer } = portsOf(this.options);
    const problem = new SkaldError('inputs-missed', { partitions: partitions.join(', ') });
    observer.troubled('inputs of sagas were lost before they were read; all that these sagas owe is sent again', problem);
    this.takeOver(partitions, (sagaId) => this.inbox.resend(sagaId, Number.MAX_SAFE_INTEGER));
  }

  /** O2, O4. A failure is tried again for as long as the partitions are this owner's. */
  private takeOver(partitions: readonly number[], before: (sagaId: string) => void = () => {}): void {
    const { store, index, ownership, programs } = this;
    const { bus, observer, clock, ids } = portsOf(this.options);
    const isOwn = (stream: string) => partitions.includes(ownership.partitionOf(stream)) && ownership.owns(stream);
    const fits = (sagaId: string) => {
      const own = isOwn(sagaId);
      if (own) before(sagaId);
      return own;
    };
    this.takingOver = this.takingOver.then(async () => {
      const terms = ownership.termsOf(partitions);
      try {
        await this.options.projection?.caughtUp(undefined, this.stopping.signal);
        for (const term of terms) term.isIndexed = true;
        this.recovered += await recover(index, bus, fits);
        await resumeDeployed({ store, index, bus, programs, ids, observer }, fits);
        this.limits.check(isOwn);
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        observer.troubled('what is owed by the sagas of a partition could not be sent again; it is tried again', error);
        const cancel = clock.at(clock.now() + TAKE_OVER_PAUSE, () => {
          this.retries.delete(cancel);
          this.takeOver(partitions, before);
        });
        this.retries.add(cancel);
      }
    });
  }

  /** True where this owner knows that the saga has not ended: when it does, observers are told. False where it does not know. */
  isUnderWay(sagaId: string): boolean {
    return this.inbox.isUnderWay(sagaId) || (this.express?.isUnderWay(sagaId) ?? false);
  }

  /** Takes nothing new; resolves when the batch in hand is stored and sent. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.express?.stop();
    await this.timers.stop();
    this.resends.stop();
    await this.consumer?.stop();
    await this.takingOver;
    for (const cancel of this.retries) cancel();
    await this.limits.stop();
    await this.inbox.stop();
  }
}

/** The participants of one process. */
export class ParticipantHost {
  private readonly running = new Map<string, { readonly runner: ParticipantRunner; readonly consumer: BusConsumer }>();

  constructor(private readonly options: EngineOptions) {}

  /** Throws `duplicate-participant`. */
  async add(
    definition: ParticipantDefinition,
    instance: object,
    fence: Fence,
    { inFlight }: { readonly inFlight?: number } = {},
  ): Promise<void> {
    if (this.running.has(definition.name)) throw new SkaldError('duplicate-participant', { participant: definition.name });
    const { participantBatch, participantLease, bus } = this.options;
    const limits = { batch: Math.max(1, participantBatch ?? 500), lease: participantLease ?? 60_000, inFlight };
    const runner = new ParticipantRunner(definition, instance, fence, portsOf(this.options), limits);
    const address = { to: 'participant', participant: definition.name } as const;
    const consumer = await bus.consume(address, (batch) => runner.deliver(batch as readonly Delivery<ParticipantMessage>[]));
    this.running.set(definition.name, { runner, consumer });
  }

  /** Takes nothing new; resolves when what runs is through and answered. */
  async stop(): Promise<void> {
    const all = [...this.running.values()];
    await Promise.all(all.map(({ consumer }) => consumer.stop()));
    await Promise.all(all.map(({ runner }) => runner.stop()));
    this.running.clear();
  }
}
