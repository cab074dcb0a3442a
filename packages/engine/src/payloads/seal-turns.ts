import type { PayloadCodec, SagaEvent, SagaSummary } from '@skald/kernel';
import { encodeEvents } from '../event-codec.js';
import { eventsOf, type Turn } from '../turn.js';
import { maskedError, sealEvents } from './event-payloads.js';

/**
 * The turns of a batch, to be stored without payloads that can be read. Once for each decision: whatever is tried again is tried with these very
 * bytes, for a payload that is sealed twice is not the same.
 */
export async function sealTurns(codec: PayloadCodec, turns: readonly Turn[]): Promise<Turn[]> {
  const writing = turns.filter(({ write }) => write !== undefined);
  const streams = writing.map(({ sagaId, write, decided }) => {
    return { sagaId, revision: (write?.expectedRevision ?? -1) + 1, events: eventsOf(decided) };
  });
  const sealed = await sealEvents(codec, streams);
  const byTurn = new Map(writing.map((turn, at) => [turn, sealed[at] ?? []]));
  return turns.map((turn) => {
    const events = byTurn.get(turn);
    return events ? sealedTurn(turn, events) : turn;
  });
}

function sealedTurn(turn: Turn, sealed: readonly SagaEvent[]): Turn {
  const { write, decided } = turn;
  if (!write) return turn;
  let { head } = turn.activated;
  const events = sealed.flatMap((event, nth) => {
    const encoded = encodeEvents([event], decided[nth]?.cause ?? '', head);
    head = encoded.at(-1)?.hash ?? head;
    return encoded;
  });
  return { ...turn, head, write: { ...write, events, ...(write.summary && { summary: maskedSummary(write.summary) }) } };
}

/** Texts of errors are payload in the index as well. */
export function maskedSummary(summary: SagaSummary): SagaSummary {
  return { ...summary, error: maskedError(summary.error) };
}
