/**
 * Streams as lines of JSON (NDJSON), an event a line, for keeping and carrying elsewhere. Data and metadata stand in them as texts, just as they
 * are stored, since their hashes cover these very characters.
 */
import type { RecordedEvent } from '@skald/kernel';

/** What a line holds. The position is that of the store that it comes from, for people; another store gives out its own. */
export type EventLine = RecordedEvent;

const TEXTS = ['stream', 'id', 'type', 'data', 'metadata', 'hash'] as const;
const NUMBERS = ['revision', 'position'] as const;

export function lineOf({ stream, revision, position, id, type, data, metadata, hash }: RecordedEvent): string {
  return JSON.stringify({ stream, revision, position, id, type, data, metadata, hash });
}

/** A line that is none of an event. */
export class UnreadableLine extends Error {
  constructor(
    readonly line: number,
    problem: string,
  ) {
    super(`line ${line}: ${problem}`);
    this.name = 'UnreadableLine';
  }
}

/** Throws `UnreadableLine`. `line` counts from 1. */
export function eventOf(text: string, line: number): RecordedEvent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableLine(line, 'it is no JSON');
  }
  if (typeof value !== 'object' || value === null) throw new UnreadableLine(line, 'it is no event');
  for (const name of TEXTS) if (typeof Reflect.get(value, name) !== 'string') throw new UnreadableLine(line, `its ${name} is no text`);
  for (const name of NUMBERS) {
    if (!Number.isSafeInteger(Reflect.get(value, name))) throw new UnreadableLine(line, `its ${name} is no whole number`);
  }
  return value as RecordedEvent;
}

/** The events of an NDJSON text; empty lines are passed over. Throws `UnreadableLine`. */
export function eventsOfText(text: string): RecordedEvent[] {
  return text.split('\n').flatMap((line, nth) => (line.trim() === '' ? [] : [eventOf(line, nth + 1)]));
}

/** The events of lines that come one after the other. Throws `UnreadableLine`. */
export async function* eventsOfLines(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<RecordedEvent> {
  let nth = 0;
  for await (const line of lines) {
    nth += 1;
    if (line.trim() !== '') yield eventOf(line, nth);
  }
}

/** By stream, in the order of their first events; each in the order in which it came. */
export async function byStream(events: AsyncIterable<RecordedEvent> | Iterable<RecordedEvent>): Promise<Map<string, RecordedEvent[]>> {
  const streams = new Map<string, RecordedEvent[]>();
  for await (const event of events) {
    const stream = streams.get(event.stream);
    if (stream) stream.push(event);
    else streams.set(event.stream, [event]);
  }
  return streams;
}
