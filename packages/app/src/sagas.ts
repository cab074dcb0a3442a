import type { InputOf, OutputOf, SagaRef, SignalsOf } from '@skald/decorators';
import { type Client, type HistoryEvent, type IndexLag, type IndexProjection, isSealed, readHistory, stateOf } from '@skald/engine';
import {
  actionsOf,
  type CancelPlan,
  type Clock,
  type EventStore,
  type Ids,
  type IndexPage,
  isEnded,
  type PayloadCodec,
  type PossibleActions,
  plan,
  type SagaDefinition,
  type SagaState,
  type SagaStatus,
  SkaldError,
  type Start,
  statusOf,
} from '@skald/kernel';
import { type BulkOptions, type BulkOutcome, type BulkPorts, type BulkStep, bulk } from './bulk.js';
import { type EndWatch, endingOf, outputOf, type SagaEnding, sagaEnding } from './end-watch.js';
import { listSagas, type SagaQuery } from './list-sagas.js';
import { lookForEnd } from './look-for-end.js';
import { type SignalOptions, sendSignal, signalName } from './signals.js';
import { againOf, type StartAgainOptions } from './start-again.js';
import { askingFor, sagaIdOf, startInput, startOf, traceOf } from './start-input.js';
import { Steering } from './steering.js';
import { type VersionInUse, versionsInUse } from './versions.js';
import type { SagaStore } from './wiring.js';

export interface StartOptions {
  /** Instance id: starting the same id with the same input again gives the saga that is there. Default: a new unique id. */
  readonly id?: string;
  /** W3C trace context: recorded, and passed with every command to `currentCommand()` of participants, and back with their replies. Default: none. */
  readonly traceparent?: string;
  /** Goes with `traceparent`. Default: none. */
  readonly tracestate?: string;
}

/** A started saga. */
export interface SagaHandle<O> {
  readonly sagaId: string;
  /** It was there already, started with the same input. */
  readonly existing: boolean;
  /** The output once it is completed; rejects with `saga-did-not-complete` when it ends otherwise. */
  result(): Promise<O>;
  /** How it ended, however that was. */
  ended(): Promise<SagaEnding>;
}

export interface SagasPorts {
  /** Absent in a process that manages no sagas. */
  readonly store: SagaStore | undefined;
  /** Those of the store, or of sagas that others manage. Rejects with `no-store` where there are neither. */
  readonly events: () => Promise<EventStore>;
  /** Feeds the store's index, where the store does not. */
  readonly projection: IndexProjection | undefined;
  readonly client: Client;
  readonly codec: PayloadCodec | undefined;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly ends: EndWatch;
  /** All sagas end in this process. */
  readonly isAlone: boolean;
  /** True where the engine knows that the saga has not ended. */
  readonly isUnderWay: (sagaId: string) => boolean;
}

/** Starts, shows and steers sagas. Everything that changes something resolves once it is stored. */
export class Sagas extends Steering {
  private readonly known = new Map<SagaRef, SagaDefinition>();

  constructor(
    protected override readonly ports: SagasPorts,
    private readonly definitions: readonly SagaDefinition[],
    private readonly definitionOf: (saga: SagaRef) => SagaDefinition,
  ) {
    super(ports);
  }

  /**
   * Resolves once the saga is recorded; an express saga once it has ended, or goes on as a standard one.
   * Rejects with `invalid-input`, `input-too-large`, `invalid-saga-id`, `saga-exists`, `saga-not-registered`, `express-overloaded`, or what the store
   * refuses with.
   */
  async start<R extends SagaRef>(saga: R, input: InputOf<R>, options: StartOptions = {}): Promise<SagaHandle<OutputOf<R>>> {
    const definition = this.registered(saga);
    const id = options.id ?? this.ports.ids.unique();
    sagaIdOf(definition.name, id);
    return this.begin(definition, id, await startInput(definition, input), traceOf(options));
  }

  /**
   * Begins another saga in place of one that has ended and is not completed: with its input or another one, on the newest version that is
   * registered. The history of the new one names the earlier. Asked twice, by whomever, it is started once. Rejects with `action-not-possible`
   * where the earlier one is completed or has not ended, `saga-not-found`, or as `start` does.
   */
  async startAgain(sagaId: string, options: StartAgainOptions): Promise<SagaHandle<unknown>> {
    await this.mustBeReadable(sagaId);
    const { definition, id, input, again } = await againOf(await this.get(sagaId), this.definitions, options);
    return this.begin(definition, id, input, { again });
  }

  /**
   * Does the same to all sagas that fit, a page of the list at a time, and says what came of it. Each saga decides for itself: what is not
   * possible is refused and counted. Repeated with the same `id`, after a crash say, it goes on and does nothing twice. `onStep` hears of every
   * saga, also in a dry run. Rejects with what listing rejects with, or `app-stopped`.
   */
  bulk(options: BulkOptions, onStep: (step: BulkStep) => void = () => {}): Promise<BulkOutcome> {
    const { client, clock } = this.ports;
    const ports: BulkPorts = {
      ...{ list: (query) => this.list(query), get: (sagaId) => this.get(sagaId) },
      ...{ ask: (sagaId, question) => client.ask(sagaId, question), startAgain: (sagaId, why) => this.startAgain(sagaId, why), clock },
    };
    return bulk(options.id ?? client.newRequest(), options, ports, onStep);
  }

  /** What stands in the place of payloads must not begin another saga. */
  private async mustBeReadable(sagaId: string): Promise<void> {
    const { codec } = this.ports;
    if ((await codec?.dropped([sagaId]))?.has(sagaId)) throw new SkaldError('payload-dropped', { sagaId });
    const isClosed = !codec && (await this.history(sagaId)).some(isSealed);
    if (isClosed) throw new SkaldError('payload-unreadable', { sagaId, place: 'its history', problem: 'there is no codec here' });
  }

  private async begin<O>(
    definition: SagaDefinition,
    id: string,
    input: unknown,
    more: Pick<Start, 'again' | 'trace'> = {},
  ): Promise<SagaHandle<O>> {
    const { client, ids, codec } = this.ports;
    const sagaId = sagaIdOf(definition.name, id);
    const identity = { request: client.newRequest(), incarnation: ids.incarnation() };
    const start = { ...(await startOf(definition, sagaId, input, identity, codec)), ...more };
    const { existing = false, ending } = await client.ask(sagaId, start, askingFor(definition));
    const ended = async () => (ending ? sagaEnding(sagaId, ending) : this.ended(sagaId));
    return { sagaId, existing, ended, result: async () => outputOf(await ended()) };
  }

  /** State of a saga, from its stream. Rejects with `saga-not-found`. */
  async get(sagaId: string): Promise<SagaState> {
    return stateOf(await this.history(sagaId));
  }

  /**
   * Resolves when lists and counts show all that is stored now, also by other processes; where the index lags behind the store, that takes
   * a moment. Rejects with what the store rejects with, or `app-stopped`.
   */
  async caughtUp(): Promise<void> {
    const { projection } = this.ports;
    return projection ? projection.caughtUp() : void this.store;
  }

  /** How far lists and counts are behind what is stored. */
  async lag(): Promise<IndexLag> {
    const { projection } = this.ports;
    if (projection) return projection.lag();
    const { index, events } = this.store;
    return { position: await index.position(), head: await events.head(), milliseconds: 0 };
  }

  /** Newest first, a page at a time. Rejects with `invalid-query`, `invalid-cursor`. */
  async list(query: SagaQuery = {}): Promise<IndexPage> {
    return listSagas(this.store, query);
  }

  /** Number of sagas by status. */
  count(): Promise<Partial<Record<SagaStatus, number>>> {
    return this.store.index.count();
  }

  /** How many sagas of each version have not ended, and which versions are registered here: without sagas, a version may be taken away. */
  async versions(): Promise<VersionInUse[]> {
    return versionsInUse(await this.store.index.unended(), this.definitions);
  }

  /** Its events, the first first. Rejects with `saga-not-found`. */
  async history(sagaId: string): Promise<HistoryEvent[]> {
    return readHistory(await this.ports.events(), sagaId, undefined, this.ports.codec);
  }

  /** The output once the saga is completed; rejects with `saga-did-not-complete` when it ends otherwise, `saga-not-found`, `app-stopped`. */
  async result<O = unknown>(sagaId: string): Promise<O> {
    return outputOf(await this.ended(sagaId));
  }

  /** How the saga ended; waits for it. A suspended saga has not ended. */
  async ended(sagaId: string): Promise<SagaEnding> {
    const { ends, isUnderWay, isAlone, clock, store } = this.ports;
    // First to the engine's door, then to the stream: whenever it ends, one of them tells.
    const { ending, leave } = ends.wait(sagaId);
    if (isAlone && isUnderWay(sagaId)) return ending;
    try {
      if (isAlone) return (await Promise.race([ending, this.endingNow(sagaId)])) ?? (await ending);
      const look = async () => {
        const summary = await store?.index.get(sagaId);
        // What the index does not know it may not have seen yet: the stream says whether there is such a saga.
        return !summary || isEnded(summary.status) ? this.endingNow(sagaId) : undefined;
      };
      return await lookForEnd(look, ending, clock, isUnderWay(sagaId));
    } finally {
      leave();
    }
  }

  private get store(): SagaStore {
    const { store } = this.ports;
    if (!store) throw new SkaldError('no-store');
    return store;
  }

  private async endingNow(sagaId: string): Promise<SagaEnding | undefined> {
    const state = await this.get(sagaId);
    return isEnded(statusOf(state)) ? endingOf(state) : undefined;
  }

  /**
   * Tells a saga something that a step of it waits for, now or later: `signal(OrderSaga, '4711', 'approval', { approved: true })`, or by the saga
   * id. Resolves once it is stored. Rejects with `unknown-signal`, `invalid-signal`, `saga-not-found`, `saga-ended`, `already-compensating`,
   * `too-many-signals`.
   */
  signal(sagaId: string, signal: string, payload?: unknown, options?: SignalOptions): Promise<void>;
  signal<R extends SagaRef, N extends keyof SignalsOf<R> & string>(
    saga: R,
    id: string,
    signal: N,
    payload: SignalsOf<R>[N],
    options?: SignalOptions,
  ): Promise<void>;
  async signal(...args: readonly unknown[]): Promise<void> {
    const { client } = this.ports;
    if (typeof args[0] === 'string') {
      const [sagaId, name, payload, options = {}] = args as [string, string, unknown, SignalOptions?];
      const versions = this.definitions.filter((definition) => sagaId.startsWith(`${definition.name}-`));
      return sendSignal(client, versions, sagaId, name, payload, options);
    }
    const [saga, id, member, payload, options = {}] = args as [SagaRef, string, string, unknown, SignalOptions?];
    const definition = this.registered(saga);
    // The instance may be of another version than the caller knows.
    const versions = this.definitions.filter(({ name }) => name === definition.name);
    return sendSignal(client, versions, sagaIdOf(definition.name, id), signalName(saga, definition, member), payload, options);
  }

  /** What can be done to the saga, and to what in it, now. Rejects with `saga-not-found`. */
  async actions(sagaId: string): Promise<PossibleActions> {
    return actionsOf(await this.get(sagaId));
  }

  /**
   * What a cancel would be answered now, and what would be undone how and in which order; of a saga that has turned back, what still is to be.
   * Rejects with `saga-not-found`.
   */
  async plan(sagaId: string): Promise<CancelPlan> {
    const state = await this.get(sagaId);
    const definition = this.definitions.find(({ name, version }) => name === state.saga && version === state.version);
    return plan(state, definition);
  }

  private registered(saga: SagaRef): SagaDefinition {
    const known = this.known.get(saga) ?? this.definitionOf(saga);
    this.known.set(saga, known);
    const { name, version } = known;
    if (!this.definitions.some((one) => one.name === name && one.version === version)) {
      throw new SkaldError('saga-not-registered', { saga: name, version });
    }
    return known;
  }
}
