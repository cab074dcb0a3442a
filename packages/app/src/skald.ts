import 'reflect-metadata';
import { type Class, definitionOf, participantDefinitionOf, type SagaRef } from '@skald/decorators';
import { Client, type EngineOptions, type Observer, Orchestrator, ParticipantHost, Programs, systemClock, systemIds } from '@skald/engine';
import { externalSqliteFence, openSqliteStore } from '@skald/event-store-sqlite';
import { type Fence, type SagaDefinition, stepGraph } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { Container } from 'inversify';
import { checkDefinitions } from './check-definitions.js';
import { EndWatch } from './end-watch.js';
import { Sagas } from './sagas.js';
import { troubleLog } from './trouble-log.js';

export interface EmbeddedOptions
  extends Pick<
    EngineOptions,
    'clock' | 'ids' | 'crashPoints' | 'inboxBatch' | 'cachedSagas' | 'timerScanInterval' | 'participantBatch' | 'participantLease'
  > {
  /** The event store: one SQLite file, created where there is none; its folder must exist. One process owns it. */
  readonly file: string;
  /** Milliseconds until a start or an operator's action without an answer is given up. Default 30,000. */
  readonly answerTimeout?: number;
  /** Where troubles go that Skald goes on from by itself. Default: one line each on standard error. */
  readonly log?: (line: string) => void;
}

/** Where a participant's fence records are kept: in its own database (`sqliteFence(db)`), or as said by a function of the container. */
export type FenceSource = Fence | ((container: Container) => Fence);

interface ParticipantEntry {
  readonly type: Class<object>;
  readonly fence: FenceSource | undefined;
}

/** Sagas and their participants, wired. */
export class Skald {
  private readonly sagaRefs: SagaRef[] = [];
  private readonly entries: ParticipantEntry[] = [];
  private readonly watchers: Observer[] = [];
  private container = new Container();

  private constructor(private readonly options: EmbeddedOptions) {}

  /** Everything in this process and one file: no server. */
  static embedded(options: EmbeddedOptions): Skald {
    return new Skald(options);
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
    this.entries.push(...types.map((type) => ({ type, fence: undefined })));
    return this;
  }

  /** A class under `@Participant` whose fence is in the database of its business data: each action takes effect at most once. */
  participant(type: Class<object>, options: { readonly fence: FenceSource }): this {
    this.entries.push({ type, fence: options.fence });
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
   * Checks the definitions, opens the store, sends again what is owed from before, and takes up work.
   * Rejects with `invalid-definition`, `not-a-saga`, `invalid-participant`, `unknown-participant`, `unknown-action`, `duplicate-saga`,
   * `duplicate-participant` or what opening the store rejects with; nothing runs then.
   */
  async start(): Promise<RunningSkald> {
    const definitions = this.sagaRefs.map((saga) => this.definition(saga));
    // Made now, so that what they inject and nobody bound is found now.
    for (const saga of this.sagaRefs) if (typeof saga === 'function') this.instance(saga as Class<object>);
    const participants = this.entries.map(({ type, fence }) => ({ type, fence, definition: participantDefinitionOf(type) }));
    checkDefinitions(
      definitions,
      participants.map(({ definition }) => definition),
    );
    const programs = new Programs();
    for (const definition of definitions) programs.register(stepGraph(definition));
    const instances = participants.map(({ type, fence, definition }) => ({ definition, fence, instance: this.instance(type) }));
    const store = await openSqliteStore({ file: this.options.file });
    const undo: (() => Promise<void>)[] = [() => store.close()];
    try {
      const engine = this.engineOptions();
      const ends = new EndWatch();
      const orchestrator = new Orchestrator(store.events, store.index, programs, {
        ...engine,
        observers: [...(engine.observers ?? []), ends],
      });
      const host = new ParticipantHost(engine);
      const client = new Client(engine.bus, engine.clock, engine.ids, {
        repeatAfter: 5_000,
        giveUpAfter: this.options.answerTimeout ?? 30_000,
      });
      undo.push(() => engine.bus.close());
      await client.start();
      undo.push(() => client.stop());
      const external = instances.some(({ fence }) => fence === undefined)
        ? externalSqliteFence({ file: fenceFile(this.options.file) })
        : undefined;
      if (external) undo.push(() => external.close());
      undo.push(() => host.stop());
      for (const { definition, fence, instance } of instances) await host.add(definition, instance, this.fence(fence, external?.fence));
      undo.push(() => orchestrator.stop());
      const recovered = await orchestrator.start();
      const isUnderWay = (sagaId: string) => orchestrator.isUnderWay(sagaId);
      const ports = { store: store.events, index: store.index, client, ids: engine.ids, ends, isUnderWay };
      const sagas = new Sagas(ports, definitions, (saga) => this.definition(saga));
      undo.push(async () => ends.stop());
      return new RunningSkald(sagas, recovered, undo);
    } catch (error) {
      // What went wrong first is what is to be told.
      await takeBack(undo).catch(() => undefined);
      throw error;
    }
  }

  private engineOptions() {
    const { clock = systemClock, ids = systemIds, log } = this.options;
    return { ...this.options, clock, ids, bus: new InProcessBus(), observers: [troubleLog(log), ...this.watchers] };
  }

  private definition(saga: SagaRef): SagaDefinition {
    return typeof saga === 'function' ? definitionOf(saga as Class<object>, () => this.instance(saga)) : saga;
  }

  private instance<T extends object>(type: Class<T>): T {
    if (!this.container.isBound(type)) this.container.bind(type).toSelf().inSingletonScope();
    return this.container.get<T>(type);
  }

  private fence(source: FenceSource | undefined, external: Fence | undefined): Fence {
    if (typeof source === 'function') return source(this.container);
    const fence = source ?? external;
    if (!fence) throw new Error('a participant without a fence needs the external one');
    return fence;
  }
}

/** A Skald at work. */
export class RunningSkald {
  private stopping: Promise<void> | undefined;

  constructor(
    readonly sagas: Sagas,
    /** Sagas that owed something from before and were taken up again. */
    readonly recovered: number,
    private readonly undo: (() => Promise<void>)[],
  ) {}

  /** Takes nothing new, finishes the batches in hand, closes the store. What is under way goes on at the next start. */
  stop(): Promise<void> {
    this.stopping ??= takeBack(this.undo);
    return this.stopping;
  }
}

/** The last first, all of them: what fails must not leave the store open. Rejects with the first failure. */
async function takeBack(undo: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.toReversed()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** The external fence's file stands beside the store's. */
function fenceFile(file: string): string {
  return file === ':memory:' ? file : `${file}-fence`;
}
