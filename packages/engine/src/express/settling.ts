/**
 * Stores what came of express sagas, in group commits: the summary of one that has ended, the history of one that goes on as a standard saga.
 *
 * Invariants
 * G1  Whoever asked for a saga is answered, and its start acknowledged, only when this is stored.
 * G2  A history is stored in its order, cut between events where it is too long for one write: each beginning of it is a saga that goes on.
 * G3  What stands there already was another run of the same saga, under the same keys: that one's word counts.
 */
import {
  type EventStore,
  expressSummary,
  type NewEvent,
  type PayloadCodec,
  type SagaEvent,
  type SagaState,
  type SagaSummary,
  type StreamWrite,
} from '@skald/kernel';
import { appendResolved } from '../append-resolved.js';
import { encodeEvents } from '../event-codec.js';
import type { Observer } from '../observer.js';
import { sealEvents } from '../payloads/event-payloads.js';
import { maskedSummary } from '../payloads/seal-turns.js';
import { summarize } from '../summary.js';
import { MAX_EVENT_BYTES } from '../turn.js';
import type { ExpressRun } from './express-run.js';

export interface Settling {
  readonly run: ExpressRun;
  /** Why it goes on as a standard saga; absent: it has ended. */
  readonly promotion?: string | undefined;
  /** Made once: what is tried again is tried with the same bytes. */
  writes?: readonly StreamWrite[];
}

export type Settled = 'stored' | 'conflict';

/** Events and bytes of one write of a history. */
const WRITE_EVENTS = 250;
const WRITE_BYTES = 400 * 1024;

/** Rejects with what the store rejects with, when nothing was stored, or not all. */
export async function store(
  settlings: readonly Settling[],
  events: EventStore,
  pause: (nth: number) => Promise<void>,
  observer: Required<Observer>,
  codec: PayloadCodec | undefined,
): Promise<Map<Settling, Settled>> {
  const settled = new Map<Settling, Settled>();
  for (const settling of settlings) settling.writes ??= await writesOf(settling, codec);
  let open = settlings.map((settling) => ({ settling, writes: [...(settling.writes ?? [])] }));
  for (const { settling, writes } of open) if (writes.length === 0) settled.set(settling, 'stored');
  for (;;) {
    open = open.filter(({ settling, writes }) => writes.length > 0 && !settled.has(settling));
    if (open.length === 0) return settled;
    const outcomes = await appendResolved(
      events,
      open.flatMap(({ writes }) => writes[0] ?? []),
      pause,
      observer,
    );
    for (const [at, { settling, writes }] of open.entries()) {
      const done = writes.shift();
      if (outcomes[at]?.type !== 'appended') settled.set(settling, 'conflict');
      else if (writes.length === 0) {
        settled.set(settling, 'stored');
        if (settling.promotion === undefined) settling.run.summary = { head: done?.events.at(-1)?.hash ?? '' };
      }
    }
  }
}

async function writesOf({ run, promotion }: Settling, codec: PayloadCodec | undefined): Promise<StreamWrite[]> {
  if (promotion !== undefined) return historyOf(run, codec);
  if (run.program.express?.summary !== 'event') return [];
  const { sagaId: stream, state } = run;
  return [{ stream, expectedRevision: -1, events: await summaryOf(run, codec), summary: indexed(state, codec) }];
}

function indexed(state: SagaState, codec: PayloadCodec | undefined): SagaSummary {
  const summary = summarize(state);
  return codec ? maskedSummary(summary) : summary;
}

/** What is too large for an event is left out of it: the input, then the output. */
async function summaryOf({ sagaId, state, events }: ExpressRun, codec: PayloadCodec | undefined): Promise<NewEvent[]> {
  const { input, output, ...rest } = expressSummary(state, events);
  const shorter = [{ ...rest, input, output }, { ...rest, output }, rest, { ...rest, steps: [] }];
  let written: NewEvent[] = [];
  for (const data of shorter) {
    const event = { type: 'ExpressSagaEnded', at: state.at, data } as const;
    written = encodeEvents(await sealed(codec, sagaId, 0, [event]), 'express', sagaId);
    if (written.every(fits)) break;
  }
  return written;
}

function fits({ data }: NewEvent): boolean {
  return data.length * 3 <= MAX_EVENT_BYTES || Buffer.byteLength(data) <= MAX_EVENT_BYTES;
}

async function sealed(codec: PayloadCodec | undefined, sagaId: string, revision: number, events: readonly SagaEvent[]) {
  return codec ? ((await sealEvents(codec, [{ sagaId, revision, events }]))[0] ?? []) : events;
}

/** G2. A summary that is there already comes first. */
async function historyOf(run: ExpressRun, codec: PayloadCodec | undefined): Promise<StreamWrite[]> {
  const { sagaId: stream, state, summary } = run;
  const writes: StreamWrite[] = [];
  let revision = summary ? 0 : -1;
  for (const portion of portions(await encodedHistory(run, codec))) {
    writes.push({ stream, expectedRevision: revision, events: portion, summary: indexed(state, codec) });
    revision += portion.length;
  }
  return writes;
}

/** As if each decision had been written when it was taken. */
async function encodedHistory({ sagaId, events, causes, summary }: ExpressRun, codec: PayloadCodec | undefined): Promise<NewEvent[]> {
  const encoded: NewEvent[] = [];
  for (const [at, event] of (await sealed(codec, sagaId, summary ? 1 : 0, events)).entries()) {
    encoded.push(...encodeEvents([event], causes[at] ?? '', encoded.at(-1)?.hash ?? summary?.head ?? sagaId));
  }
  return encoded;
}

function portions(events: readonly NewEvent[]): NewEvent[][] {
  const all: NewEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.data);
    const last = all.at(-1);
    if (last && last.length < WRITE_EVENTS && bytes + size <= WRITE_BYTES) {
      last.push(event);
      bytes += size;
    } else {
      all.push([event]);
      bytes = size;
    }
  }
  return all;
}
