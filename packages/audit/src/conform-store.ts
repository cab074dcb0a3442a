import { type EventStore, isSagaStream, SkaldError } from '@skald/kernel';
import { causedEvents, isSealed, type Replay, replayHistory, sagaOf } from './conform.js';
import type { Candidate } from './gate.js';
import { PAGE, streamHeads, streamOf } from './reading.js';

/** Replay of one stream, or why there is none. */
export type Conformance =
  | { readonly sagaId: string; readonly replay: Replay; readonly candidate: Candidate }
  | { readonly sagaId: string; readonly problem: 'not-deployed'; readonly saga: string; readonly version: number }
  | { readonly sagaId: string; readonly problem: 'sealed' }
  | { readonly sagaId: string; readonly problem: 'unreadable'; readonly message: string };

/** Replays one saga's history with the definition of its name and version. Throws `saga-not-found`. */
export async function conformOne(store: EventStore, sagaId: string, candidates: readonly Candidate[]): Promise<Conformance> {
  if (!isSagaStream(sagaId)) throw new SkaldError('saga-not-found', { sagaId });
  const events = await streamOf(store, sagaId);
  try {
    const history = causedEvents(events);
    if (isSealed(history)) return { sagaId, problem: 'sealed' };
    const { saga, version } = sagaOf(history);
    const candidate = candidates.find(({ program }) => program.name === saga && program.version === version);
    if (!candidate) return { sagaId, problem: 'not-deployed', saga, version };
    return { sagaId, replay: replayHistory(history, candidate.program), candidate };
  } catch (error) {
    if (!(error instanceof SkaldError)) throw error;
    return { sagaId, problem: 'unreadable', message: error.message };
  }
}

/** The same for every saga of a store, one after the other. */
export async function* conformAll(store: EventStore, candidates: readonly Candidate[]): AsyncGenerator<Conformance> {
  for await (const stream of sagaStreams(store)) yield await conformOne(store, stream, candidates);
}

/** Names of all streams that are sagas. Where the store cannot list its streams it is read through, and their names are kept. */
export async function* sagaStreams(store: EventStore): AsyncGenerator<string> {
  if (store.heads) {
    for await (const { stream } of streamHeads(store)) if (isSagaStream(stream)) yield stream;
    return;
  }
  const seen = new Set<string>();
  const until = await store.head();
  for (let position = 0; position < until; ) {
    const page = await store.readAll(position, PAGE);
    if (page.length === 0) return;
    for (const { stream } of page) {
      if (seen.has(stream) || !isSagaStream(stream)) continue;
      seen.add(stream);
      yield stream;
    }
    position = page.at(-1)?.position ?? until;
  }
}
