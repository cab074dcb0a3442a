import type { RecordedEvent, StreamWrite } from '@skald/kernel';

/** The same histories under other names, a write for each; their hashes are of the first ones, which an index does not look at. */
export function copied(events: readonly RecordedEvent[], copy: number): StreamWrite[] {
  const streams = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const stream = streams.get(event.stream) ?? [];
    stream.push(event);
    streams.set(event.stream, stream);
  }
  return [...streams].map(([stream, all]) => {
    const name = `${stream}-${copy}`;
    const data = (event: RecordedEvent) => event.data.replaceAll(`"sagaId":"${stream}"`, `"sagaId":"${name}"`);
    const id = (event: RecordedEvent) => `${copy.toString(16).padStart(8, '0')}${event.id.slice(8)}`;
    return { stream: name, expectedRevision: -1, events: all.map((event) => ({ ...event, id: id(event), data: data(event) })) };
  });
}
