import type { SagaStore } from '@skald/app';
import { type EventStore, type SagaIndex, SkaldError } from '@skald/kernel';
import { wordsOf } from '../error-words.js';
import type { SkaldConfig } from './config.js';
import type { FollowedIndex } from './followed-index.js';

/** Sagas to be looked at; nothing can be changed through it. */
export interface OpenStore {
  readonly events: EventStore;
  /** The index, up to date. Where the store keeps none it is made from the events, or brought up to date from where it was left. */
  index(): Promise<SagaIndex>;
  /** Resolves when the index shows what the store held at this position. */
  shows(position: number): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds that a server of events may keep whoever looks waiting; who decides is more patient. */
const PATIENCE = 5_000;

/** Beside whoever owns the file. */
export async function readSqlite(file: string): Promise<OpenStore> {
  const { openSqliteStore } = await import('@skald/event-store-sqlite');
  return withItsIndex(await openSqliteStore({ file, readOnly: true }));
}

/** `note` is told what takes long, or goes another way. */
export async function readConfigured(store: NonNullable<SkaldConfig['store']>, note: (line: string) => void): Promise<OpenStore> {
  if (typeof store === 'function') return openedBy(store, note);
  if ('file' in store) return readSqlite(store.file);
  const { index: file = ':memory:', ...options } = store;
  const { connectEventStore } = await import('@skald/event-store-eventstoredb');
  const onTrouble = onceEach((what, error) => note(`${what}: ${wordsOf(error).message}`));
  const timeouts = { patience: PATIENCE, ...options.timeouts };
  const events = await connectEventStore({ onTrouble, ...options, timeouts });
  return projected({ events, note, open: () => openIndexAt(file, note), close: () => events.close() });
}

async function openedBy(open: () => Promise<SagaStore>, note: (line: string) => void): Promise<OpenStore> {
  const { events, index, close } = await open();
  if (events.ownIndex === index) return withItsIndex({ events, index, close });
  return projected({ events, note, open: async () => ({ index, close: async () => undefined }), close });
}

function withItsIndex({ events, index, close }: Pick<SagaStore, 'events' | 'index' | 'close'>): OpenStore {
  return { events, index: async () => index, shows: async () => undefined, close: () => close() };
}

/** What is tried again every moment is told once. */
function onceEach(tell: (what: string, error: unknown) => void): (what: string, error: unknown) => void {
  const told = new Set<string>();
  return (what, error) => {
    if (told.has(what)) return;
    told.add(what);
    tell(what, error);
  };
}

/** Each process needs an index of its own: a second one at the same time does without the file. */
async function openIndexAt(file: string, note: (line: string) => void) {
  const { openSqliteIndex } = await import('@skald/event-store-sqlite');
  try {
    return await openSqliteIndex({ file });
  } catch (error) {
    if (!(error instanceof SkaldError) || error.code !== 'store-in-use') throw error;
    note(`${file} is in use by another skald; all events are read instead`);
    return openSqliteIndex({ file: ':memory:' });
  }
}

interface Projected {
  readonly events: EventStore;
  readonly note: (line: string) => void;
  open(): Promise<{ readonly index: SagaIndex; close(): Promise<void> }>;
  close(): Promise<void>;
}

function projected({ events, note, open, close }: Projected): OpenStore {
  const closing: (() => Promise<void>)[] = [close];
  let opening: Promise<FollowedIndex> | undefined;
  const follow = async (): Promise<FollowedIndex> => {
    const { FollowedIndex } = await import('./followed-index.js');
    const own = await open();
    closing.unshift(() => own.close());
    const followed = new FollowedIndex(events, own.index, note);
    closing.unshift(() => followed.stop());
    await followed.shows();
    return followed;
  };
  const followed = () => {
    opening ??= follow();
    return opening;
  };
  return {
    events,
    index: async () => (await followed()).index,
    shows: async (position) => (await followed()).shows(position),
    async close() {
      for (const one of closing) await one();
    },
  };
}
