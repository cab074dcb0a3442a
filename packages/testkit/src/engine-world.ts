import {
  type Accepted,
  Client,
  type EngineOptions,
  Orchestrator,
  type ParticipantDefinition,
  ParticipantHost,
  Programs,
  readHistory,
  stateOf,
} from '@skald/engine';
import {
  type CommandMessage,
  canonicalJson,
  checkLaws,
  type EventStore,
  type Fence,
  LONGEST_EXPRESS,
  type MessageBus,
  type Operator,
  type SagaDefinition,
  type SagaEvent,
  type SagaIndex,
  type SagaState,
  type SagaStatus,
  statusOf,
  stepGraph,
  type Violation,
} from '@skald/kernel';
import { MemoryEventStore } from './memory-event-store.js';
import { MemoryFence } from './memory-fence.js';
import { MemorySagaIndex } from './memory-saga-index.js';
import { SequentialIds } from './sequential-ids.js';
import { VirtualClock } from './virtual-clock.js';
import { WatchedBus } from './watched-bus.js';

export interface EngineWorldOptions {
  /** A bus within this process; a new one at every start, as its queues end with the process. */
  readonly bus: () => MessageBus;
  readonly sagas?: readonly SagaDefinition[];
  /** Tells the ids of this world from those of another one. */
  readonly name?: string;
  /** Default: one of its own. */
  readonly clock?: VirtualClock;
  /** Default: in memory, the index kept by the store. */
  readonly store?: { readonly events: EventStore; readonly index: SagaIndex };
  readonly engine?: Partial<Omit<EngineOptions, 'bus' | 'clock' | 'ids'>>;
}

export interface WorldParticipant {
  readonly definition: ParticipantDefinition;
  readonly instance: object;
  /** Default: transactional, in memory. */
  readonly fence?: Fence | undefined;
}

export interface Trouble {
  readonly what: string;
  readonly error: unknown;
  readonly sagaId: string | undefined;
}

/**
 * The real engine, its participants and a client, on a clock that stands still and ids that count: everything that happens, happens in the
 * same order in every run. What is stored outlives `restart`; the bus does not.
 */
export class EngineWorld {
  readonly clock: VirtualClock;
  readonly ids: SequentialIds;
  readonly events: EventStore;
  readonly index: SagaIndex;
  readonly troubles: Trouble[] = [];
  readonly notes: string[] = [];
  /** Statuses in the order in which the engine told them: `order-1 completed`. */
  readonly moves: string[] = [];
  bus: WatchedBus;
  sagas: SagaDefinition[];
  /** Sagas that the last start found owing something. */
  recovered = 0;
  readonly participants: (WorldParticipant & { readonly fence: Fence })[] = [];
  #client: Client | undefined;
  #orchestrator: Orchestrator | undefined;
  #host: ParticipantHost | undefined;

  constructor(private readonly options: EngineWorldOptions) {
    this.clock = options.clock ?? new VirtualClock();
    this.ids = new SequentialIds(options.name);
    const index = new MemorySagaIndex();
    const { events, index: given } = options.store ?? { events: new MemoryEventStore(index), index };
    this.events = events;
    this.index = given;
    this.bus = new WatchedBus(options.bus());
    this.sagas = [...(options.sagas ?? [])];
  }

  /** Answers the participant's fence. */
  participant({ definition, instance, fence = new MemoryFence({ now: () => this.clock.now() }) }: WorldParticipant): Fence {
    this.participants.push({ definition, instance, fence });
    return fence;
  }

  async start(): Promise<void> {
    const programs = new Programs();
    for (const saga of this.sagas) programs.register(stepGraph(saga));
    const observer = {
      troubled: (what: string, error: unknown, sagaId?: string) => void this.troubles.push({ what, error, sagaId }),
      noted: (note: string, sagaId: string) => void this.notes.push(`${sagaId} ${note}`),
      moved: (state: SagaState) => void this.moves.push(`${state.sagaId} ${statusOf(state)}`),
    };
    const { observers = [], ...engine } = this.options.engine ?? {};
    const options = { ...engine, bus: this.bus, clock: this.clock, ids: this.ids, observers: [observer, ...observers] };
    this.#client = new Client(this.bus, this.clock, this.ids, { repeatAfter: 5_000, giveUpAfter: 30_000 });
    await this.#client.start();
    this.#host = new ParticipantHost(options);
    for (const { definition, instance, fence } of this.participants) await this.#host.add(definition, instance, fence);
    this.#orchestrator = new Orchestrator(this.events, this.index, programs, options);
    this.recovered = await this.#orchestrator.start();
  }

  async stop(): Promise<void> {
    await this.#orchestrator?.stop();
    await this.#host?.stop();
    await this.#client?.stop();
    await this.bus.close();
  }

  /** As after a crash: what was under way on the bus is gone, what was stored is there. */
  async restart(): Promise<void> {
    await this.bus.close();
    await this.stop();
    this.bus = new WatchedBus(this.options.bus());
    await this.start();
  }

  get client(): Client {
    if (!this.#client) throw new Error('the world has not been started');
    return this.#client;
  }

  /** Starts a saga as an application does; `request` and the incarnation are new unless given. */
  begin(
    saga: string,
    id: string,
    input: unknown = {},
    changes: { readonly request?: string; readonly version?: number } = {},
  ): Promise<Accepted> {
    const definition = this.sagas.find(({ name }) => name === saga);
    const inputHash = canonicalJson(input);
    const start = {
      ...({ type: 'start', request: changes.request ?? this.ids.unique(), sagaId: `${saga}-${id}`, saga } as const),
      version: changes.version ?? definition?.version ?? 1,
      incarnation: definition?.express ? `of ${inputHash}` : this.ids.incarnation(),
      ...{ input, inputHash },
      ...(definition?.deadline !== undefined && { deadline: definition.deadline }),
      ...(definition?.limits && { limited: true as const }),
    };
    return this.client.ask(start.sagaId, start, definition?.express ? { to: 'express', within: LONGEST_EXPRESS } : {});
  }

  /** An operator's action. */
  operate(
    sagaId: string,
    action: Operator['action'],
    details: Partial<Pick<Operator, 'target' | 'seen' | 'request' | 'result'>> = {},
  ): Promise<Accepted> {
    return this.client.ask(sagaId, {
      type: 'operator',
      request: this.ids.unique(),
      action,
      by: 'a person',
      reason: 'a reason',
      ...details,
    });
  }

  cancel(sagaId: string, request = this.ids.unique()): Promise<Accepted> {
    return this.client.ask(sagaId, { type: 'cancel', request, by: 'a person', reason: 'a reason' });
  }

  /** Resolves when nothing goes on any more without time passing. */
  async quiet(): Promise<void> {
    const activity = () => this.bus.published.length + this.clock.alarmsSet;
    let seen = activity();
    for (let calm = 0; calm < 6; calm++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (activity() === seen) continue;
      seen = activity();
      calm = 0;
    }
  }

  /** Lets time pass, from one thing that is due to the next. */
  async pass(milliseconds: number): Promise<void> {
    await this.clock.advance(milliseconds, () => this.quiet());
  }

  /** What an answer comes to, while time passes only as far as `within` needs it. */
  async answered<T>(question: Promise<T>, within = 0): Promise<T> {
    const settled = question.then(
      () => undefined,
      () => undefined,
    );
    await this.quiet();
    if (within > 0) await this.pass(within);
    await Promise.race([settled, this.quiet()]);
    return question;
  }

  async history(sagaId: string): Promise<SagaEvent[]> {
    return readHistory(this.events, sagaId);
  }

  /** Its events' types, in order. */
  async story(sagaId: string): Promise<string[]> {
    return (await this.history(sagaId)).map(({ type }) => type);
  }

  /** What is said in its last event of this type. */
  async last(sagaId: string, type: string): Promise<unknown> {
    return (await this.history(sagaId)).findLast((event) => event.type === type)?.data;
  }

  /** Laws that these sagas' histories break, all sagas' where none is named: none, or something is wrong. */
  async brokenLaws(...named: readonly string[]): Promise<{ readonly sagaId: string; readonly broken: readonly Violation[] }[]> {
    const ids = named.length > 0 ? named : (await this.index.list({ limit: 1_000 })).sagas.map(({ sagaId }) => sagaId);
    const all = await Promise.all(ids.map(async (sagaId) => ({ sagaId, broken: checkLaws(await this.history(sagaId)) })));
    return all.filter(({ broken }) => broken.length > 0);
  }

  async state(sagaId: string): Promise<SagaState> {
    return stateOf(await this.history(sagaId));
  }

  async status(sagaId: string): Promise<SagaStatus> {
    return statusOf(await this.state(sagaId));
  }

  statuses(...sagaIds: readonly string[]): Promise<SagaStatus[]> {
    return Promise.all(sagaIds.map((sagaId) => this.status(sagaId)));
  }

  /** Its commands get lost, or those that are chosen by their number, from 1, until the answer is called. */
  closed(participant: string, loses: (nth: number) => boolean = () => true): () => Promise<void> {
    let nth = 0;
    this.bus.loses = ({ address }) => address.to === 'participant' && address.participant === participant && loses(++nth);
    return async () => {
      this.bus.loses = () => false;
      await this.restart();
      await this.quiet();
    };
  }

  /** Commands that were sent since the last start. */
  commands(sagaId?: string): CommandMessage[] {
    return this.bus.published.flatMap(({ message }) =>
      message.kind === 'command' && (sagaId === undefined || message.sagaId === sagaId) ? [message.command] : [],
    );
  }
}
