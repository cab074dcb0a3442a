/** Histories whose payloads may be encrypted, as far as they can be read. */
import { isSealed, openEvents, type PayloadReader } from '@skald/engine';
import type { RecordedEvent } from '@skald/kernel';
import type { CausedEvent } from './causes.js';
import { causedEvents } from './conform.js';

/**
 * clear: nothing in it is encrypted · opened: its key was at hand · encrypted: it was not · dropped: there is none any more, for anybody. In the
 * last two placeholders stand where payloads were.
 */
export type PayloadAccess = 'clear' | 'opened' | 'encrypted' | 'dropped';

export interface ReadableHistory {
  readonly history: readonly CausedEvent[];
  readonly payloads: PayloadAccess;
}

/**
 * The events of one stream, with their payloads where `codec` can open them; it is asked only where there is something to open. Throws
 * `history-unreadable`, and what the codec throws: `payload-unreadable` where a key is missing.
 */
export async function readableHistory(
  stream: string,
  events: readonly RecordedEvent[],
  codec: PayloadReader | undefined,
): Promise<ReadableHistory> {
  const history = causedEvents(events);
  if (!history.some(({ event }) => isSealed(event))) return { history, payloads: 'clear' };
  if (!codec) return { history, payloads: 'encrypted' };
  const numbered = history.map(({ event }, nth) => ({ ...event, revision: events[nth]?.revision ?? nth }));
  const opened = await openEvents(codec, stream, numbered);
  const readable = history.map((one, nth) => {
    const { revision: _, ...event } = opened.events[nth] ?? { ...one.event, revision: nth };
    return { ...one, event: event as CausedEvent['event'] };
  });
  return { history: readable, payloads: opened.dropped ? 'dropped' : 'opened' };
}
