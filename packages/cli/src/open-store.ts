import type { SagaStore } from '@skald/app';
import { IndexProjection } from '@skald/engine';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import { type EventStore, type SagaIndex, SkaldError } from '@skald/kernel';
import type { SkaldConfig } from './config.js';

/** Sagas to be looked at; nothing can be changed through it. */
export interface OpenStore {
  readonly events: EventStore;
  /** The index, up to date. Where the store keeps none it is made from the events, or brought up to date from where it was left. */
  index(): Promise<SagaIndex>;
  close(): Promise<void>;
}

/** Beside whoever owns the file. */
export async function readSqlite(file: string): Promise<OpenStore> {
  const store = await openSqliteStore({ file, readOnly: true });
  return { events: store.events, index: async () => store.index, close: () => store.close() };
}

/** `note` is told what takes long, or goes another way. */
export async function readConfigured(store: NonNullable<SkaldConfig['store']>, note: (line: string) => void): Promise<OpenStore> {
  if (typeof store === 'function') return openedBy(store);
  if ('file' in store) return readSqlite(store.file);
  const { index: file = ':memory:', ...options } = store;
  // Loaded only where it is needed: most calls need neither EventStoreDB's client nor Kafka's.
  const { connectEventStore } = await import('@skald/event-store-eventstoredb');
  const events = await connectEventStore({ onTrouble: (what, error) => note(`${what}: ${String(error)}`), ...options });
  return projected(
    events,
    () => openIndexAt(file, note),
    () => events.close(),
  );
}

async function openedBy(open: () => Promise<SagaStore>): Promise<OpenStore> {
  const { events, index, close } = await open();
  if (events.ownIndex === index) return { events, index: async () => index, close };
  return projected(events, async () => ({ index, close: async () => undefined }), close);
}

/** Each process needs an index of its own: a second one at the same time does without the file. */
async function openIndexAt(file: string, note: (line: string) => void) {
  try {
    return await openSqliteIndex({ file });
  } catch (error) {
    if (!(error instanceof SkaldError) || error.code !== 'store-in-use') throw error;
    note(`${file} is in use by another skald; all events are read instead`);
    return openSqliteIndex({ file: ':memory:' });
  }
}

function projected(
  events: EventStore,
  open: () => Promise<{ readonly index: SagaIndex; close(): Promise<void> }>,
  close: () => Promise<void>,
): OpenStore {
  const closing: (() => Promise<void>)[] = [close];
  let opening: Promise<SagaIndex> | undefined;
  const follow = async (): Promise<SagaIndex> => {
    const own = await open();
    closing.unshift(() => own.close());
    const projection = new IndexProjection(events, own.index);
    projection.start();
    closing.unshift(() => projection.stop());
    await projection.caughtUp();
    return own.index;
  };
  return {
    events,
    index() {
      opening ??= follow();
      return opening;
    },
    async close() {
      for (const one of closing) await one();
    },
  };
}
