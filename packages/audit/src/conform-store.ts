import type { PayloadReader } from '@skald/engine';
import { type EventStore, isSagaStream, SkaldError } from '@skald/kernel';
import { type Replay, replayHistory, sagaOf } from './conform.js';
import type { Candidate } from './gate.js';
import { type PayloadAccess, readableHistory } from './readable-history.js';
import { PAGE, streamHeads, streamOf } from './reading.js';

/** Replay of one stream, or why there is none. */
export type Conformance =
  | { readonly sagaId: string; readonly replay: Replay; readonly candidate: Candidate; readonly payloads: PayloadAccess }
  | { readonly sagaId: string; readonly problem: 'not-deployed'; readonly saga: string; readonly version: number }
  /** There was no codec to open its payloads. */
  | { readonly sagaId: string; readonly problem: 'encrypted' }
  /** Nobody can open its payloads any more. */
  | { readonly sagaId: string; readonly problem: 'key-dropped' }
  | { readonly sagaId: string; readonly problem: 'unreadable'; readonly message: string };

/** Replays one saga's history with the definition of its name and version. `codec` opens payloads that are encrypted. Throws `saga-not-found`. */
export async function conformOne(
  store: EventStore,
  sagaId: string,
  candidates: readonly Candidate[],
  codec?: PayloadReader,
): Promise<Conformance> {
  if (!isSagaStream(sagaId)) throw new SkaldError('saga-not-found', { sagaId });
  const events = await streamOf(store, sagaId);
  try {
    const { history, payloads } = await readableHistory(sagaId, events, codec);
    if (payloads === 'encrypted') return { sagaId, problem: 'encrypted' };
    if (payloads === 'dropped') return { sagaId, problem: 'key-dropped' };
    const { saga, version } = sagaOf(history);
    const candidate = candidates.find(({ program }) => program.name === saga && program.version === version);
    if (!candidate) return { sagaId, problem: 'not-deployed', saga, version };
    return { sagaId, replay: replayHistory(history, candidate.program), candidate, payloads };
  } catch (error) {
    if (!(error instanceof SkaldError)) throw error;
    return { sagaId, problem: 'unreadable', message: error.message };
  }
}

/** The same for every saga of a store, one after the other. */
export async function* conformAll(store: EventStore, candidates: readonly Candidate[], codec?: PayloadReader): AsyncGenerator<Conformance> {
  for await (const stream of sagaStreams(store)) yield await conformOne(store, stream, candidates, codec);
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
