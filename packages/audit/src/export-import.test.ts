import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import { openSqliteStore, type SqliteStore } from '@skald/event-store-sqlite';
import type { RecordedEvent, SagaEvent } from '@skald/kernel';
import { MemoryEventStore, MemorySagaIndex } from '@skald/testkit';
import { exportAll, exportStreams, ImportRefused, importStreams } from './export-import.js';
import { byStream, eventOf, eventsOfText, lineOf, UnreadableLine } from './stream-lines.js';
import { verifyAll } from './verify.js';

let folder: string;
let source: SqliteStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-export-'));
  source = await openSqliteStore({ file: join(folder, 'skald.db') });
  for (const [id, events] of [
    ['order-1', 3],
    ['order-2', 1_203],
    ['order-ä "3"', 1],
  ] as const) {
    for (let from = 0; from < events; from += 400) {
      const before = (await source.events.read(id, { from: from - 1, limit: 1 }))[0]?.hash;
      const part = history(id, events).slice(from, from + 400);
      await source.events.append([
        { stream: id, expectedRevision: from - 1, events: encodeEvents(part, 'signal', from === 0 ? id : (before ?? '')) },
      ]);
    }
  }
});

afterEach(async () => {
  await source.close();
  rmSync(folder, { recursive: true, force: true });
});

function history(sagaId: string, length: number): SagaEvent[] {
  const started = { sagaId, saga: 'order', version: 1, incarnation: 'a', input: { text: 'ä\n\u2028"' }, inputHash: 'h', request: 'r' };
  const signals = Array.from(
    { length: length - 1 },
    (_, n): SagaEvent => ({ type: 'SignalReceived', at: n, data: { id: `${n}`, name: 'x' } }),
  );
  return [{ type: 'SagaStarted', at: 0, data: started }, ...signals];
}

async function all(events: AsyncIterable<RecordedEvent>): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

describe('Streams that are exported and imported', () => {
  it('hold in the other store, character for character, and its index knows them', async () => {
    const lines = (await all(exportAll(source.events))).map(lineOf);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
    const index = new MemorySagaIndex();
    const target = new MemoryEventStore(index);
    const streams = await byStream(eventsOfText(lines.join('\n')));
    expect(await importStreams(target, streams)).toEqual({ streams: 3, events: 1_207, there: 0 });
    expect((await verifyAll(target)).findings).toEqual([]);
    const again = (await all(exportStreams(target, ['order-1', 'order-2', 'order-ä "3"']))).map(({ position: _, ...event }) => event);
    expect(again).toEqual((await all(exportAll(source.events))).map(({ position: _, ...event }) => event));
    expect(await index.count()).toEqual({ running: 3 });
    expect(await index.position()).toBe(await target.head());
    // Once more: everything is there.
    expect(await importStreams(target, streams)).toEqual({ streams: 0, events: 0, there: 3 });
  });

  it('are refused as a whole where one does not hold, or another of its name is there', async () => {
    const streams = await byStream(await all(exportAll(source.events)));
    const [first, second, third] = streams.get('order-1') ?? [];
    if (!first || !second || !third) throw new Error('three were written');
    const target = new MemoryEventStore();
    const importing = (events: readonly RecordedEvent[]) => importStreams(target, new Map([...streams, ['order-1', events]]));
    await expect(importing([first, { ...second, data: '{}' }, third])).rejects.toThrow('order-1: it does not hold: revision 1 (changed)');
    await expect(importing([second, third])).rejects.toThrow(ImportRefused);
    expect(await target.head()).toBe(0);
    await importStreams(target, new Map([['order-1', [first, second]]]));
    await expect(importing([first, second, third])).rejects.toThrow('order-1: it is there and ends before, at revision 1');
    await expect(importing([first])).rejects.toThrow('order-1: it is there and goes on further, to revision 1');
    const [, other] = encodeEvents(
      history('order-1', 2).with(1, { type: 'SignalReceived', at: 9, data: { id: 'z', name: 'z' } }),
      'signal',
      'order-1',
    );
    if (!other) throw new Error('two were made');
    const { position } = second;
    const forged = [first, { ...other, stream: 'order-1', revision: 1, position }];
    await expect(importing(forged)).rejects.toThrow('another one of this name is there; they differ from revision 1 on');
    expect(await target.head()).toBe(2);
  });

  it('of a stream that is not there there is nothing to export', async () => {
    await expect(all(exportStreams(source.events, ['order-9']))).rejects.toMatchObject({ code: 'saga-not-found' });
  });

  it.each([
    ['{', 'it is no JSON'],
    ['3', 'it is no event'],
    ['{"stream":1}', 'its stream is no text'],
    ['{"stream":"a","id":"b","type":"c","data":"d","metadata":"e","hash":"f","revision":0.5}', 'its revision is no whole number'],
  ])('a line that is no event is refused with its number: %s', (text, problem) => {
    expect(() => eventOf(text, 7)).toThrow(new UnreadableLine(7, problem));
    expect(() => eventsOfText(`\n\n${text}\n`)).toThrow('line 3');
  });
});
