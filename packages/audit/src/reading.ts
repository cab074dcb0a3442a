import { type ErrorCode, type EventStore, type ReadOptions, type RecordedEvent, SkaldError, type StreamHead } from '@skald/kernel';

/** Events, or heads, that are read at once: larger pages outlive the young generation, and cost a third of the speed (measured). */
export const PAGE = 1_000;

/** The events of a stream, a page at a time; none where there is no such stream. */
export async function* pagesOf(store: EventStore, stream: string): AsyncGenerator<readonly RecordedEvent[]> {
  for (let from = 0; ; ) {
    const page = await store.read(stream, { from, limit: PAGE });
    const last = page.at(-1);
    if (last) yield page;
    if (last === undefined || page.length < PAGE) return;
    from = last.revision + 1;
  }
}

/** All of them. */
export async function eventsOf(store: EventStore, stream: string): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pagesOf(store, stream)) for (const event of page) events.push(event);
  return events;
}

/** The same of a stream that must be there. Throws `saga-not-found`. */
export async function streamOf(store: EventStore, stream: string): Promise<RecordedEvent[]> {
  const events = await eventsOf(store, stream);
  if (events.length === 0) throw new SkaldError('saga-not-found', { sagaId: stream });
  return events;
}

/** Why a store gives a stream not as a whole. */
export interface Refused {
  readonly problem: string;
  readonly revision?: number;
}

/**
 * A store that keeps others' events, or forgets some, refuses a history with a hole, and that must not end the verification of all the others. Throws
 * every other error again.
 */
export function refusalOf(error: unknown): Refused {
  if (!(error instanceof SkaldError) || !REFUSALS.has(error.code)) throw error;
  const { problem = 'it was deleted', revision } = error.details;
  return { problem: String(problem), ...(typeof revision === 'number' && { revision }) };
}

const REFUSALS: ReadonlySet<string> = new Set(['history-unreadable', 'stream-deleted'] satisfies ErrorCode[]);

/** Events of a stream; none where the store refuses them. */
export async function readable(store: EventStore, stream: string, options: ReadOptions): Promise<readonly RecordedEvent[]> {
  try {
    return await store.read(stream, options);
  } catch (error) {
    refusalOf(error);
    return [];
  }
}

/** The last event of a stream, and why there is none that can be read. */
export async function lastOf(store: EventStore, stream: string): Promise<{ readonly last?: RecordedEvent; readonly refused?: Refused }> {
  let last: RecordedEvent | undefined;
  try {
    for await (const page of pagesOf(store, stream)) last = page.at(-1);
  } catch (error) {
    return { ...(last && { last }), refused: refusalOf(error) };
  }
  return last ? { last } : {};
}

/** The heads that a store lists, in the order of the bytes of their streams' names; none where it cannot. */
export async function* streamHeads(store: EventStore): AsyncGenerator<StreamHead> {
  for (let after = ''; store.heads; ) {
    const page = await store.heads(after, PAGE);
    yield* page;
    after = page.at(-1)?.stream ?? after;
    if (page.length < PAGE) return;
  }
}
