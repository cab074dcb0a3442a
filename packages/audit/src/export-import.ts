import { decodeEvent, stateOf, summarize } from '@skald/engine';
import { type EventStore, isSagaStream, type RecordedEvent, type SagaSummary, SkaldError, type StreamWrite } from '@skald/kernel';
import { checkStream, type Finding } from './chain.js';
import { eventsOf, PAGE, streamOf } from './reading.js';

/** The events of these streams, one stream after the other. Throws `saga-not-found`. */
export async function* exportStreams(store: EventStore, streams: Iterable<string>): AsyncGenerator<RecordedEvent> {
  for (const stream of streams) {
    yield* await streamOf(store, stream);
  }
}

/** All events in global order, up to the position that is the last now. */
export async function* exportAll(store: EventStore): AsyncGenerator<RecordedEvent> {
  const until = await store.head();
  for (let position = 0; position < until; ) {
    const page = await store.readAll(position, PAGE);
    if (page.length === 0) return;
    for (const event of page) if (event.position <= until) yield event;
    position = page.at(-1)?.position ?? until;
  }
}

export interface ImportResult {
  /** Streams that were written. */
  readonly streams: number;
  readonly events: number;
  /** Streams that were there, event for event. */
  readonly there: number;
}

/** Why nothing was imported. */
export class ImportRefused extends Error {
  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('\n'));
    this.name = 'ImportRefused';
  }
}

const MOST_IN_A_WRITE = 500;
const MOST_IN_A_BATCH = 2_000;

/**
 * Writes streams to a store as they were written where they come from: same ids, same hashes, the very characters. Whole streams only, and
 * only such as hold. A stream that is there is left as it is where it is the same, event for event; else nothing at all is imported.
 * Throws `ImportRefused`, or what the store throws; what was written by then stays, and the same import goes on from there.
 */
export async function importStreams(store: EventStore, streams: ReadonlyMap<string, readonly RecordedEvent[]>): Promise<ImportResult> {
  const reasons: string[] = [];
  const missing: [string, readonly RecordedEvent[]][] = [];
  for (const [stream, events] of streams) {
    const [finding] = checkStream(stream, events);
    const existing = finding ? [] : await eventsOf(store, stream);
    if (finding) reasons.push(`${stream}: ${sentence(finding)}`);
    else if (existing.length === 0) missing.push([stream, events]);
    else reasons.push(...differences(stream, existing, events));
  }
  if (reasons.length > 0) throw new ImportRefused(reasons);
  await writeAll(store, missing);
  const events = missing.reduce((sum, [, all]) => sum + all.length, 0);
  return { streams: missing.length, events, there: streams.size - missing.length };
}

function sentence({ revision, kind, message }: Finding): string {
  return `it does not hold: revision ${revision} (${kind}), ${message}`;
}

function differences(stream: string, there: readonly RecordedEvent[], given: readonly RecordedEvent[]): string[] {
  const at = given.findIndex(({ hash }, nth) => there[nth]?.hash !== hash);
  if (at < 0 && there.length === given.length) return [];
  if (at < 0) return [`${stream}: it is there and goes on further, to revision ${there.length - 1}`];
  if (at >= there.length) return [`${stream}: it is there and ends before, at revision ${there.length - 1}`];
  return [`${stream}: another one of this name is there; they differ from revision ${at} on`];
}

async function writeAll(store: EventStore, streams: readonly (readonly [string, readonly RecordedEvent[]])[]): Promise<void> {
  let batch: StreamWrite[] = [];
  let size = 0;
  for (const [stream, events] of streams) {
    for (let from = 0; from < events.length; from += MOST_IN_A_WRITE) {
      const part = events.slice(from, from + MOST_IN_A_WRITE);
      const written = part.map(({ id, type, data, metadata, hash }) => ({ id, type, data, metadata, hash }));
      // Two writes to one stream in one batch would be two fates of one thing.
      if (from > 0 || size + part.length > MOST_IN_A_BATCH) {
        await append(store, batch);
        batch = [];
        size = 0;
      }
      const summary = from + part.length === events.length ? summaryOf(stream, events) : undefined;
      batch.push({ stream, expectedRevision: from - 1, events: written, ...(summary && { summary }) });
      size += part.length;
    }
  }
  await append(store, batch);
}

/** What the index shall say, where the store keeps one. A history that cannot be read here is carried all the same. */
function summaryOf(stream: string, events: readonly RecordedEvent[]): SagaSummary | undefined {
  if (!isSagaStream(stream)) return undefined;
  try {
    return summarize(stateOf(events.map(decodeEvent)));
  } catch {
    return undefined;
  }
}

async function append(store: EventStore, batch: readonly StreamWrite[]): Promise<void> {
  if (batch.length === 0) return;
  for (const [nth, outcome] of (await store.append(batch)).entries()) {
    const stream = batch[nth]?.stream ?? '';
    if (outcome.type === 'conflict') throw new ImportRefused([`${stream}: somebody else wrote to it meanwhile`]);
    if (outcome.type === 'unknown') {
      throw new SkaldError('store-failed', { problem: `${stream}: ${outcome.error.message}; import it again` }, { cause: outcome.error });
    }
  }
}
