import { describe, expect, it, test } from '@jest/globals';
import { encodeEvents, uuidOf } from '@skald/engine';
import type { RecordedEvent, SagaEvent, StreamHead } from '@skald/kernel';
import { FixedStore } from '@skald/testkit';
import { checkStream, type Finding, hashAfter } from './chain.js';
import { verifyAll, verifyStream } from './verify.js';

const LENGTH = 50;
const FIELDS = ['stream', 'revision', 'position', 'id', 'type', 'data', 'metadata', 'hash'] as const;

function historyOf(sagaId: string, length = LENGTH): SagaEvent[] {
  const started = { sagaId, saga: 'order', version: 1, incarnation: 'a', input: {}, inputHash: 'h', request: 'r' };
  const steps = Array.from(
    { length: length - 1 },
    (_, n): SagaEvent => ({ type: 'StepSucceeded', at: n, data: { step: `s${n}`, round: 1 } }),
  );
  return [{ type: 'SagaStarted', at: 0, data: started }, ...steps];
}

/** Events of one stream, as a store holds them after what lies before `position`. */
function stored(stream: string, position = 0, history = historyOf(stream)): RecordedEvent[] {
  return encodeEvents(history, 'reply', stream).map((event, n) => ({ ...event, stream, revision: n, position: position + n + 1 }));
}

function renumbered(events: readonly RecordedEvent[]): RecordedEvent[] {
  return events.map((event, n) => ({ ...event, revision: n, position: n + 1 }));
}

/** With hashes and ids that fit what it holds. */
function rewritten(events: readonly RecordedEvent[], stream = events[0]?.stream ?? ''): RecordedEvent[] {
  let before = stream;
  return events.map((event) => {
    const previous = before === stream ? {} : { previous: before };
    const metadata = JSON.stringify({ ...JSON.parse(event.metadata), ...previous });
    before = hashAfter(before, { ...event, metadata });
    return { ...event, stream, metadata, hash: before, id: uuidOf(before) };
  });
}

function headsOf(events: readonly RecordedEvent[]): StreamHead[] {
  const heads = new Map(events.map(({ stream, revision, hash }) => [stream, { stream, revision, hash }]));
  return [...heads.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

async function found(events: readonly RecordedEvent[], heads?: readonly StreamHead[]): Promise<readonly Finding[]> {
  return (await verifyAll(new FixedStore(events, heads))).findings;
}

function without<T>(all: readonly T[], at: number): T[] {
  return all.toSpliced(at, 1);
}

/** Each string with another character at three places, each number with its neighbours. */
function changes(value: string | number): (string | number)[] {
  if (typeof value === 'number') return [value - 1, value + 1, value + LENGTH];
  const places = [0, Math.floor(value.length / 2), value.length - 1];
  return [...places.map((at) => `${value.slice(0, at)}${value[at] === 'e' ? 'f' : 'e'}${value.slice(at + 1)}`), `${value} `, ''];
}

const whole = stored('order-1');
const numbers = Array.from({ length: LENGTH }, (_, n) => n);

describe('Untouched', () => {
  it('a stream holds, and so does a store', async () => {
    expect(checkStream('order-1', whole)).toEqual([]);
    expect(await verifyAll(new FixedStore(whole, headsOf(whole)))).toEqual({
      ...{ events: LENGTH, streams: 1, position: LENGTH, findings: [], unexplained: 0 },
    });
    expect((await verifyStream(new FixedStore(whole), 'order-1')).findings).toEqual([]);
    await expect(verifyStream(new FixedStore(whole), 'order-2')).rejects.toMatchObject({ code: 'saga-not-found' });
  });

  it('holds also where events do not say what they follow, as those of older versions', () => {
    const old = whole.map((event) => ({ ...event, metadata: '{"at":1,"cause":"reply","format":1}' }));
    let before = 'order-1';
    const chained = old.map((event) => {
      before = hashAfter(before, event);
      return { ...event, hash: before, id: uuidOf(before) };
    });
    expect(checkStream('order-1', chained)).toEqual([]);
    for (const n of numbers.slice(0, -1)) expect(checkStream('order-1', renumbered(without(chained, n)))).not.toEqual([]);
  });
});

describe(`Of a stream of ${LENGTH} events`, () => {
  test.each(FIELDS)('every change of the %s of one event is found', async (field) => {
    for (const n of numbers) {
      for (const value of changes(whole[n]?.[field] ?? '')) {
        const changed = whole.map((event, at) => (at === n ? { ...event, [field]: value } : event));
        expect([field, n, value, (await found(changed)).length > 0]).toEqual([field, n, value, true]);
      }
    }
  });

  test.each(['type', 'data', 'metadata', 'hash', 'id'] as const)(
    'a change of the %s of an event is told of that event alone',
    async (field) => {
      for (const n of numbers) {
        for (const value of changes(whole[n]?.[field] ?? '')) {
          const changed = whole.map((event, at) => (at === n ? { ...event, [field]: value } : event));
          const told = (await found(changed)).map(({ stream, revision, kind }) => ({ stream, revision, kind }));
          expect(told).toEqual([{ stream: 'order-1', revision: n, kind: 'changed' }]);
        }
      }
    },
  );

  it('every dropped event is found, with the gap that it leaves and without; the last one by the store’s list of streams', async () => {
    for (const n of numbers) {
      const isLast = n === LENGTH - 1;
      const gap = without(whole, n);
      const closed = renumbered(gap);
      for (const events of [gap, closed]) {
        const told = await found(events, headsOf(whole));
        expect(told.filter(({ stream }) => stream !== undefined)).toEqual(
          expect.arrayContaining([expect.objectContaining({ stream: 'order-1', revision: n, kind: 'dropped' })]),
        );
        // V4
        if (!isLast) expect(await found(events)).not.toEqual([]);
      }
      if (isLast) expect(checkStream('order-1', gap)).toEqual([]);
    }
  });

  it('every inserted event is found, whether it fits what is before it or not', async () => {
    const [foreign] = stored('order-2');
    if (!foreign) throw new Error('there is one');
    for (const n of [...numbers, LENGTH]) {
      const before = whole[n - 1]?.hash ?? 'order-1';
      const metadata = n === 0 ? '{"at":1}' : JSON.stringify({ at: 1, previous: before });
      const hash = hashAfter(before, { ...foreign, metadata });
      const fitting = { ...foreign, stream: 'order-1', metadata, hash, id: uuidOf(hash) };
      for (const event of [{ ...foreign, stream: 'order-1' }, fitting]) {
        const told = await found(renumbered(whole.toSpliced(n, 0, event)), headsOf(whole));
        const kind = expect.stringMatching(
          n === LENGTH ? /inserted|reordered/ : event === fitting ? /inserted/ : /inserted|reordered|changed/,
        );
        expect([n, told.length > 0]).toEqual([n, true]);
        expect(told).toEqual(expect.arrayContaining([expect.objectContaining({ stream: 'order-1', revision: n, kind })]));
      }
    }
  });

  it('a repeated event is found', async () => {
    for (const n of numbers) {
      const [event] = whole.slice(n);
      expect(await found(renumbered(event ? whole.toSpliced(n, 0, event) : whole), headsOf(whole))).not.toEqual([]);
    }
  });

  it('every two that are exchanged are found, whether their revisions and positions stayed or went with them', async () => {
    for (const a of numbers) {
      for (const b of numbers.slice(a + 1)) {
        const [first, second] = [whole[a], whole[b]];
        if (!first || !second) throw new Error('both are there');
        const swapped = whole.with(a, second).with(b, first);
        const told = checkStream('order-1', renumbered(swapped));
        expect([a, b, told[0]?.revision === a && told.some(({ kind }) => kind === 'reordered')]).toEqual([a, b, true]);
        if (b !== a + 1 && b % 7 > 0) continue;
        expect(await found(renumbered(swapped))).toEqual(told);
        const positions = whole.with(a, { ...first, position: b + 1 }).with(b, { ...second, position: a + 1 });
        expect(await found(positions)).not.toEqual([]);
      }
    }
  });
});

describe('Over all streams', () => {
  const all = ['order-1', 'order-2', 'order-3'].flatMap((stream, nth) => stored(stream, nth * LENGTH));

  it('a stream that was dropped leaves a gap in the order of all events, and stands in the list of streams', async () => {
    const rest = all.filter(({ stream }) => stream !== 'order-2');
    expect(await found(rest)).toEqual([{ kind: 'dropped', message: expect.stringContaining('positions 51 to 100 are missing') }]);
    const closed = rest.map((event, n) => ({ ...event, position: n + 1 }));
    expect(await found(closed, headsOf(all))).toEqual([
      { stream: 'order-2', revision: 0, kind: 'dropped', message: 'all its events are missing' },
    ]);
  });

  it('two streams that were exchanged are found, each with the name that it was written under', async () => {
    const other = new Map([
      ['order-1', 'order-3'],
      ['order-3', 'order-1'],
    ]);
    const exchanged = all.map((event) => ({ ...event, stream: other.get(event.stream) ?? event.stream }));
    expect((await found(exchanged)).map(({ stream, revision, kind, message }) => [stream, revision, kind, message])).toEqual([
      ['order-3', 0, 'reordered', 'it was written to the stream order-1'],
      ['order-1', 0, 'reordered', 'it was written to the stream order-3'],
    ]);
  });

  it('B26: a stream that was written anew as a whole, hashes and all, is not found: that takes a checkpoint', async () => {
    const history = historyOf('order-2').toSpliced(20, 5);
    const rest = all.filter(({ stream }) => stream !== 'order-2').map((event, n) => ({ ...event, position: n + 1 }));
    const forged = [...rest, ...stored('order-2', rest.length, history)];
    expect(await found(forged, headsOf(forged))).toEqual([]);
    expect(rewritten(whole)).toEqual(whole);
  });

  it('W1: what holds holds, and what does not is found, also where almost no head is remembered', async () => {
    const streams = numbers.map((n) => stored(`order-${n}`));
    const mixed = numbers.flatMap((n) => streams.map((stream) => stream[n])).flatMap((event) => event ?? []);
    const events = mixed.map((event, n) => ({ ...event, position: n + 1 }));
    const store = new FixedStore(events, headsOf(events));
    expect(await verifyAll(store, { heads: 3 })).toMatchObject({ events: LENGTH * LENGTH, streams: LENGTH, findings: [], unexplained: 0 });
    expect(store.reads).toBeGreaterThan(LENGTH * (LENGTH - 1));
    const changed = events.map((event) => (event.stream === 'order-7' && event.revision === 30 ? { ...event, data: '{}' } : event));
    expect((await verifyAll(new FixedStore(changed), { heads: 3 })).findings).toEqual([
      expect.objectContaining({ stream: 'order-7', revision: 30, kind: 'changed' }),
    ]);
  });
});
