import type { EngineOptions, Logger, OnChange } from '@skald/engine';
import { systemClock, systemIds } from '@skald/engine';
import { externalSqliteFence, openSqliteStore } from '@skald/event-store-sqlite';
import { type EventStore, type Fence, type MessageBus, type PayloadCodec, type SagaIndex, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { lineLogger } from './line-logger.js';

export interface CommonOptions
  extends Pick<
    EngineOptions,
    | 'clock'
    | 'ids'
    | 'crashPoints'
    | 'inboxBatch'
    | 'inboxBatches'
    | 'cachedSagas'
    | 'expressInFlight'
    | 'timerScanInterval'
    | 'limitCheckInterval'
    | 'participantBatch'
    | 'participantLease'
  > {
  /** Milliseconds until a start or an operator's action without an answer is given up. Default 30,000. */
  readonly answerTimeout?: number;
  /**
   * What happens when a saga is not what was deployed under its name and version: `refuse` rejects the start with `definition-changed`;
   * `replace`, for development, records the change, tells it to the log, and sagas under way go on with it. Default `refuse`.
   */
  readonly definitions?: OnChange;
  /**
   * Encrypts payloads in events, and in messages between processes: `aesGcmCodec({ keys })`. All processes of a system have the same. Default:
   * payloads are in the clear.
   */
  readonly codec?: PayloadCodec;
  /**
   * What task tokens are made with, at least 16 characters that nobody can guess; of several the first makes them and all are known, so that one
   * can be replaced. Every manager of a saga needs the same. Default: one that is made and kept in the store's file, where the store is one.
   */
  readonly tokens?: { readonly secret: string | readonly string[] };
  /**
   * Where records go: what happens to sagas, at the level and with the data that each asks for (`@Saga({ log })`), and troubles that Skald goes on
   * from by itself. pino fits. Default: warnings and errors, a JSON line each, to `log`.
   */
  readonly logger?: Logger;
  /** Takes the lines of the default logger. Default: standard error. */
  readonly log?: (line: string) => void;
}

export interface EmbeddedOptions extends CommonOptions {
  /** The event store: one SQLite file, created where there is none; its folder must exist. One process owns it. */
  readonly file: string;
}

/** Where sagas are kept: their events, and the index of them. */
export interface SagaStore {
  readonly events: EventStore;
  /** That of the events themselves (`events.ownIndex`), or another one, which a subscription then feeds. */
  readonly index: SagaIndex;
  /** What task tokens are made with where nobody gives another; absent where the store keeps none. */
  taskSecret?(): Promise<string>;
  close(): Promise<void>;
}

export interface ConnectOptions extends CommonOptions {
  /** Made at start, closed at stop: `() => KafkaBus.connect({ kafka: { brokers } })`. */
  readonly bus: () => Promise<MessageBus>;
  /**
   * Made at start, closed at stop: `() => openSqliteStore({ file, shared: true })`, or `() => projectedStore(connectEventStore({ … }),
   * openSqliteIndex({ file }))`, where each process has an index of its own. With a store this process manages the sagas that are
   * registered with it, a share of the inbox's partitions at a time. Without one it can start and steer them, but not show them. Default: none.
   */
  readonly store?: () => Promise<SagaStore>;
  /**
   * Instead of a store: the events of sagas that others manage, so that this process can show one by its id, wait for its end, or start it again;
   * lists need a store. Opened when first needed, closed at stop. Default: none.
   */
  readonly events?: () => Promise<EventStore>;
  /** A SQLite file for the fences of participants that name none. Without it each must name its own. Default: none. */
  readonly fenceFile?: string;
  /** With a codec: participants that have no keys, so that messages to and from them are in the clear. Default: none. */
  readonly clearParticipants?: readonly string[];
}

/** What a Skald runs on. */
export interface Wiring {
  readonly options: CommonOptions;
  /** All participants are in this process, so that an unknown one is a mistake. */
  readonly isClosed: boolean;
  /** Of `ConnectOptions`. */
  readonly clearParticipants?: readonly string[];
  openBus(): Promise<MessageBus>;
  /** Absent: this process manages no sagas. */
  openStore?: () => Promise<SagaStore>;
  /** Of `ConnectOptions`. */
  openEvents?: () => Promise<EventStore>;
  /** The store's file where this process owns it alone: what other processes ask is answered there. */
  readonly ownFile?: string;
  /** For participants that name no fence. Throws `invalid-participant` where there is none. */
  openFence(participant: string): { readonly fence: Fence; close(): Promise<void> };
}

/**
 * The store has one owner, so that what an earlier process was at nobody is at any more. An effect that it had sent out has so long to arrive before the
 * action is run again, or undone; in milliseconds.
 */
const STILL_ON_ITS_WAY = 2_000;

export function embeddedWiring(options: EmbeddedOptions): Wiring {
  const { file } = options;
  return {
    options,
    isClosed: true,
    openBus: async () => new InProcessBus(),
    openStore: () => openSqliteStore({ file }),
    ownFile: file,
    openFence: () =>
      externalSqliteFence({ file: file === ':memory:' ? file : `${file}-fence`, takeOverAt: clockOf(options).now() + STILL_ON_ITS_WAY }),
  };
}

export function connectedWiring(options: ConnectOptions): Wiring {
  const { bus, store, events, fenceFile, clearParticipants } = options;
  return {
    options,
    isClosed: false,
    openBus: bus,
    ...(store && { openStore: store }),
    ...(events && { openEvents: events }),
    ...(clearParticipants && { clearParticipants }),
    openFence(participant) {
      if (fenceFile !== undefined) return externalSqliteFence({ file: fenceFile });
      const remedy = 'Name one: .participant(Class, { fence: sqliteFence(db) }), or give connect() a fenceFile.';
      throw new SkaldError('invalid-participant', { participant, problem: 'it has no fence', remedy });
    },
  };
}

export function clockOf({ clock = systemClock }: CommonOptions) {
  return clock;
}

export function loggerOf({ logger, log }: CommonOptions): Logger {
  return logger ?? lineLogger(log);
}

export function idsOf({ ids = systemIds }: CommonOptions) {
  return ids;
}
