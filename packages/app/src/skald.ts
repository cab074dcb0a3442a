import 'reflect-metadata';
import { type Class, definitionOf, participantDefinitionOf, type SagaRef } from '@skald/decorators';
import {
  Client,
  deploy,
  type EngineOptions,
  IndexProjection,
  type Observer,
  Orchestrator,
  observers,
  ParticipantHost,
  Programs,
  SagaLog,
  SealedBus,
} from '@skald/engine';
import { type EventStore, type Fence, type MessageBus, type SagaDefinition, SkaldError, stepGraph } from '@skald/kernel';
import { Container } from 'inversify';
import { checkDefinitions } from './check-definitions.js';
import { EndWatch } from './end-watch.js';
import type { OperationPorts } from './operations.js';
import { RequestDesk } from './request-desk.js';
import { type Closing, RunningSkald, takeBack } from './running-skald.js';
import { Sagas } from './sagas.js';
import { taskSecrets } from './task-secrets.js';
import { Tasks } from './tasks.js';
import {
  type ConnectOptions,
  clockOf,
  connectedWiring,
  type EmbeddedOptions,
  embeddedWiring,
  idsOf,
  loggerOf,
  type SagaStore,
  type Wiring,
} from './wiring.js';

/** Where a participant's fence records are kept: in its own database (`sqliteFence(db)`), or as said by a function of the container. */
export type FenceSource = Fence | ((container: Container) => Fence);

interface ParticipantEntry {
  readonly type: Class<object>;
  readonly fence: FenceSource | undefined;
  readonly inFlight: number | undefined;
}

export interface ParticipantOptions {
  /** In the database of its business data: each action takes effect at most once. Default: beside the store, as `participants` says. */
  readonly fence?: FenceSource;
  /** Commands that this process carries out at the same time, from 1; others wait here. Default: as many as there are. */
  readonly inFlight?: number;
}

/** Sagas and their participants, wired. */
export class Skald {
  private readonly sagaRefs: SagaRef[] = [];
  private readonly entries: ParticipantEntry[] = [];
  private readonly watchers: Observer[] = [];
  private container = new Container();

  private constructor(private readonly wiring: Wiring) {}

  /** Everything in this process and one file: no server. */
  static embedded(options: EmbeddedOptions): Skald {
    return new Skald(embeddedWiring(options));
  }

  /** One process of several: managers of sagas, participants, or both, over a message bus. */
  static connect(options: ConnectOptions): Skald {
    return new Skald(connectedWiring(options));
  }

  /** Classes under `@Saga`, or definitions made by `defineSaga`. */
  sagas(...sagas: readonly SagaRef[]): this {
    this.sagaRefs.push(...sagas);
    return this;
  }

  /**
   * Classes under `@Participant` whose effects are not in a database of their own: their fence is kept beside the store. An action that is
   * interrupted between its effect and its record may run again.
   */
  participants(...types: readonly Class<object>[]): this {
    this.entries.push(...types.map((type) => ({ type, fence: undefined, inFlight: undefined })));
    return this;
  }

  /** A class under `@Participant` with options: most of all its fence, in the database of its business data. */
  participant(type: Class<object>, { fence, inFlight }: ParticipantOptions): this {
    this.entries.push({ type, fence, inFlight });
    return this;
  }

  /** Gives the container that sagas and participants are made from; what they inject is bound there. */
  inject(bindings: (container: Container) => void): this {
    bindings(this.container);
    return this;
  }

  /** An inversify container of your own instead. */
  with(container: Container): this {
    this.container = container;
    return this;
  }

  /** Sees every saga that moves, and every trouble. */
  observe(...observers: readonly Observer[]): this {
    this.watchers.push(...observers);
    return this;
  }

  /**
   * Checks the definitions, opens store and bus, sends again what is owed from before, and takes up work.
   * Rejects with `invalid-definition`, `not-a-saga`, `invalid-participant`, `unknown-participant`, `unknown-action`, `duplicate-saga`,
   * `duplicate-participant`, `express-needs-fence`, `definition-changed`, `task-secret` or what opening the store or the bus rejects with;
   * nothing runs then.
   */
  async start(): Promise<RunningSkald> {
    const definitions = this.sagaRefs.map((saga) => this.definition(saga));
    // Made now, so that what they inject and nobody bound is found now.
    for (const saga of this.sagaRefs) if (typeof saga === 'function') this.instance(saga as Class<object>);
    const participants = this.entries.map((entry) => ({ ...entry, definition: participantDefinitionOf(entry.type) }));
    const known = participants.map(({ definition }) => definition);
    if (definitions.length === 0 && this.needsSagas(known.length)) throw new SkaldError('not-a-saga', { value: 'Nothing' });
    const external = participants.filter(({ fence }) => fence === undefined || (typeof fence !== 'function' && fence.kind === 'external'));
    checkDefinitions(definitions, known, this.wiring.isClosed, new Set(external.map(({ definition }) => definition.name)));
    for (const { definition, inFlight } of participants) checkInFlight(definition.name, inFlight);
    const instances = participants.map(({ type, ...entry }) => ({ ...entry, instance: this.instance(type) }));
    const closing: Closing[] = [];
    try {
      const store = await this.wiring.openStore?.();
      if (store) closing.push(() => store.close());
      if (store) await this.deploy(store, definitions);
      const bus = this.sealed(await this.wiring.openBus(), definitions);
      closing.push(() => bus.close());
      const ends = new EndWatch();
      const options = this.engineOptions(bus, ends, definitions);
      const projection = store && projectionOf(store, options);
      projection?.start();
      if (projection) closing.push(() => projection.stop());
      const secrets = store && (await taskSecrets(this.wiring.options.tokens?.secret, store, definitions));
      const engine = { ...options, ...(projection && { projection }), ...(secrets && { taskSecrets: secrets }) };
      const client = await this.startClient(bus, closing);
      await this.startParticipants(engine, instances, closing);
      const orchestrator = store && definitions.length > 0 ? this.orchestrator(store, definitions, engine) : undefined;
      if (orchestrator) closing.push(() => orchestrator.stop());
      const recovered = (await orchestrator?.start()) ?? 0;
      closing.push(async () => ends.stop());
      const ports = {
        store,
        events: this.eventsOf(store, closing),
        projection,
        client,
        codec: this.wiring.options.codec,
        ids: idsOf(this.wiring.options),
        clock: clockOf(this.wiring.options),
        ends,
        isAlone: this.wiring.isClosed,
        isUnderWay: (sagaId: string) => orchestrator?.isUnderWay(sagaId) ?? false,
      };
      const sagas = new Sagas(ports, definitions, (saga) => this.definition(saga));
      const outputOf = (participant: string, action: string) => known.find(({ name }) => name === participant)?.actions.get(action)?.output;
      const tasks = new Tasks(client, outputOf);
      this.openDesk({ sagas, tasks, definitions }, closing);
      return new RunningSkald(sagas, tasks, recovered, closing);
    } catch (error) {
      // What went wrong first is what is to be told.
      await takeBack(closing).catch(() => undefined);
      throw error;
    }
  }

  /** Who has neither store nor participants only asks: sagas by their ids, which others know. */
  private needsSagas(participants: number): boolean {
    return this.wiring.isClosed || (participants === 0 && this.wiring.openStore !== undefined);
  }

  private eventsOf(store: SagaStore | undefined, closing: Closing[]): () => Promise<EventStore> {
    if (store) return async () => store.events;
    const { openEvents } = this.wiring;
    let opening: Promise<EventStore> | undefined;
    closing.push(async () => (await opening)?.close());
    return async () => {
      if (!openEvents) throw new SkaldError('no-store');
      opening ??= openEvents().catch((error: unknown) => {
        opening = undefined;
        throw error;
      });
      return opening;
    };
  }

  private async deploy({ events }: SagaStore, definitions: readonly SagaDefinition[]): Promise<void> {
    const { options } = this.wiring;
    const clock = clockOf(options);
    const pause = (milliseconds: number) => new Promise<void>((resolve) => void clock.at(clock.now() + milliseconds, resolve));
    const { observer } = this;
    await deploy(definitions, options.definitions ?? 'refuse', { store: events, observer, now: () => clock.now(), pause });
  }

  private get observer(): Required<Observer> {
    return observers([new SagaLog(loggerOf(this.wiring.options)), ...this.watchers]);
  }

  /** Within a process nobody listens. */
  private sealed(bus: MessageBus, definitions: readonly SagaDefinition[]): MessageBus {
    const { options, isClosed, clearParticipants } = this.wiring;
    const { codec } = options;
    if (!codec) return bus;
    const { observer } = this;
    for (const { name, attributes = {} } of definitions) {
      const names = Object.keys(attributes);
      const clear = new SkaldError('attributes-in-the-clear', { saga: name, attributes: names.join(', ') });
      if (names.length > 0) observer.troubled('payloads are encrypted, and search attributes are not', clear);
    }
    if (isClosed) return bus;
    return new SealedBus(bus, { codec, clock: clockOf(options), observer, ...(clearParticipants && { clear: clearParticipants }) });
  }

  private engineOptions(bus: MessageBus, ends: EndWatch, definitions: readonly SagaDefinition[]): EngineOptions {
    const { options } = this.wiring;
    const asked = new Map(definitions.map(({ name, version, log }) => [`${name}@${version}`, log]));
    const log = new SagaLog(loggerOf(options), (saga, version) => asked.get(`${saga}@${version}`));
    return { ...options, clock: clockOf(options), ids: idsOf(options), bus, observers: [log, ...this.watchers, ends] };
  }

  private async startClient(bus: MessageBus, closing: Closing[]): Promise<Client> {
    const { options } = this.wiring;
    const client = new Client(bus, clockOf(options), idsOf(options), { repeatAfter: 5_000, giveUpAfter: options.answerTimeout ?? 30_000 });
    await client.start();
    closing.push(() => client.stop());
    return client;
  }

  /** What other processes ask of whoever owns the store. */
  private openDesk(ports: OperationPorts, closing: Closing[]): void {
    const { ownFile } = this.wiring;
    if (ownFile === undefined) return;
    const desk = new RequestDesk(ownFile, ports, this.observer.troubled);
    desk.start();
    closing.push(() => desk.stop());
  }

  private orchestrator(store: SagaStore, definitions: readonly SagaDefinition[], engine: EngineOptions): Orchestrator {
    const programs = new Programs();
    for (const definition of definitions) programs.register(stepGraph(definition));
    return new Orchestrator(store.events, store.index, programs, engine);
  }

  private async startParticipants(
    engine: EngineOptions,
    participants: readonly {
      readonly definition: ReturnType<typeof participantDefinitionOf>;
      readonly fence: FenceSource | undefined;
      readonly inFlight: number | undefined;
      readonly instance: object;
    }[],
    closing: Closing[],
  ): Promise<void> {
    if (participants.length === 0) return;
    const host = new ParticipantHost(engine);
    const unfenced = participants.find(({ fence }) => fence === undefined);
    const shared = unfenced && this.wiring.openFence(unfenced.definition.name);
    if (shared) closing.push(() => shared.close());
    closing.push(() => host.stop());
    for (const { definition, fence, inFlight, instance } of participants) {
      const own = typeof fence === 'function' ? fence(this.container) : (fence ?? shared?.fence);
      if (own) await host.add(definition, instance, own, inFlight === undefined ? {} : { inFlight });
    }
  }

  private definition(saga: SagaRef): SagaDefinition {
    return typeof saga === 'function' ? definitionOf(saga as Class<object>, () => this.instance(saga)) : saga;
  }

  private instance<T extends object>(type: Class<T>): T {
    if (!this.container.isBound(type)) this.container.bind(type).toSelf().inSingletonScope();
    return this.container.get<T>(type);
  }
}

function checkInFlight(participant: string, inFlight = 1): void {
  if (Number.isSafeInteger(inFlight) && inFlight >= 1) return;
  const problem = `it cannot have ${inFlight} commands in flight`;
  throw new SkaldError('invalid-participant', { participant, problem, remedy: 'Give a whole number from 1, or none.' });
}

/** What feeds the index of a store that keeps none. */
function projectionOf({ events, index }: SagaStore, { clock, observers, cachedSagas }: EngineOptions): IndexProjection | undefined {
  if (events.ownIndex === index) return undefined;
  return new IndexProjection(events, index, {
    ...(observers && { observers }),
    ...(clock && { clock }),
    ...(cachedSagas !== undefined && { cachedSagas }),
  });
}
