import { projectedStore, type SagaStore } from '@skald/app';
import { IndexProjection } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore } from '@skald/kernel';

/** Where the sagas' events are: in EventStoreDB, or in a SQLite file that the managers of one machine share. */
export interface EventStoreChoice {
  /** `esdb://…`; absent: SQLite. */
  readonly eventstore?: string | undefined;
  /** Put before the names of streams in EventStoreDB, so that runs share a server and nothing else. */
  readonly prefix?: string | undefined;
  /** The SQLite store. With EventStoreDB the indexes are beside it, and it is not there. */
  readonly file: string;
}

/** A manager's. With EventStoreDB each has an index of its own, by its name; it is made anew where it is missing. */
// #region choice
export function sagaStoreOf(choice: EventStoreChoice, manager: string): Promise<SagaStore> {
  if (choice.eventstore === undefined) return openSqliteStore({ file: choice.file, shared: true });
  return projectedStore(connect(choice, choice.eventstore), openSqliteIndex({ file: `${choice.file}-index-${manager}` }));
}
// #endregion

export interface WatchedStore extends SagaStore {
  /** Resolves when the index shows all that is stored now. */
  caughtUp(): Promise<void>;
}

/** For who only looks on: an index in memory, up to date when this resolves, that follows until `close`. */
export async function watchedStoreOf(choice: EventStoreChoice): Promise<WatchedStore> {
  if (choice.eventstore === undefined) {
    const store = await openSqliteStore({ file: choice.file, readOnly: true });
    // Events and index are one.
    return { events: store.events, index: store.index, close: () => store.close(), caughtUp: async () => {} };
  }
  const { events, index, close } = await projectedStore(connect(choice, choice.eventstore), openSqliteIndex({ file: ':memory:' }));
  const projection = new IndexProjection(events, index);
  projection.start();
  const end = () => projection.stop().finally(close);
  try {
    await projection.caughtUp();
  } catch (error) {
    await end();
    throw error;
  }
  return { events, index, close: end, caughtUp: () => projection.caughtUp() };
}

function connect({ prefix }: EventStoreChoice, connectionString: string): Promise<EventStore> {
  return connectEventStore({ connectionString, sagas: ['order'], ...(prefix !== undefined && { prefix }) });
}
