import { afterEach, describe, expect, it } from '@jest/globals';
import { type Clock, type EventStore, type RecordedEvent, type SagaIndex, type SagaSummary, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { type EngineWorld, MemoryEventStore, MemorySagaIndex, SteeredStore, variedSagas } from '@skald/testkit';
import fc from 'fast-check';
import { readHistory, stateOf } from './history.js';
import { IndexProjection, type ProjectionOptions } from './index-projection.js';
import { summarize } from './summary.js';

/** Pauses are over at once. */
const impatient: Clock = {
  now: () => Date.now(),
  at(_at, callback) {
    const turn = setImmediate(callback);
    return () => clearImmediate(turn);
  },
};

const bus = () => new InProcessBus();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function world(seed: number, sagas: number, between?: (world: EngineWorld, nth: number) => Promise<void>): Promise<EngineWorld> {
  const made = await variedSagas({ seed, sagas, bus, ...(between && { between }) });
  closing.push(() => made.stop());
  return made;
}

function project(store: EventStore, index: SagaIndex, options: ProjectionOptions = {}): IndexProjection {
  const projection = new IndexProjection(store, index, { clock: impatient, ...options });
  projection.start();
  closing.push(() => projection.stop());
  return projection;
}

async function rows(index: SagaIndex): Promise<readonly SagaSummary[]> {
  return (await index.list({ limit: 10_000 })).sagas;
}

/** What every stream adds up to, in the order of the index that the store keeps. */
async function truth({ events, index }: EngineWorld): Promise<readonly SagaSummary[]> {
  const known = await rows(index);
  return Promise.all(known.map(async ({ sagaId }) => summarize(stateOf(await readHistory(events, sagaId)))));
}

/** An index whose puts a test steers. */
class SteeredIndex extends MemorySagaIndex {
  onPut: () => Promise<void> = async () => {};
  puts = 0;

  override async put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    await this.onPut();
    this.puts += 1;
    await super.put(summaries, position);
  }
}

/** The events of a store, told a few at a time. */
function inPortions(store: EventStore, size: number): EventStore {
  const portioned = Object.create(store) as EventStore;
  portioned.subscribe = (position, listener) => {
    let told = position;
    return store.subscribe(position, async (events) => {
      const rest = events.filter((event) => event.position > told);
      for (let at = 0; at < rest.length; at += size) {
        const portion = rest.slice(at, at + size);
        await listener(portion);
        told = portion.at(-1)?.position ?? told;
      }
    });
  };
  return portioned;
}

describe('A projection and the index that a store keeps', () => {
  it('P1, F1, F2: say the same of every saga, whatever happened to it, in portions of any size and with hardly any memory', async () => {
    const run = fc.record({ seed: fc.nat(), size: fc.integer({ min: 1, max: 40 }), cachedSagas: fc.integer({ min: 1, max: 6 }) });
    await fc.assert(
      fc.asyncProperty(run, async ({ seed, size, cachedSagas }) => {
        const live = new MemorySagaIndex();
        let following: IndexProjection | undefined;
        const made = await world(seed, 12, async ({ events }, nth) => {
          // It begins in the middle, follows, and is compared at the end.
          if (nth === 4) following = project(inPortions(new SteeredStore(events), size), live, { cachedSagas });
        });
        await following?.caughtUp();
        const late = new MemorySagaIndex();
        await project(inPortions(new SteeredStore(made.events), size), late, { cachedSagas }).caughtUp();
        const expected = await truth(made);
        expect(await rows(live)).toEqual(expected);
        expect(await rows(late)).toEqual(expected);
        for (const { dueAt, ...summary } of await rows(made.index)) {
          const exact = expected.find(({ sagaId }) => sagaId === summary.sagaId);
          expect(exact).toMatchObject(summary);
          expect(dueAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(exact?.dueAt ?? Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('P2: still do when reading and writing fail again and again', async () => {
    const troubles: string[] = [];
    const made = await world(7, 40);
    const store = new SteeredStore(made.events);
    const index = new SteeredIndex();
    let calls = 0;
    const failing = (what: string): void => {
      calls += 1;
      if (calls % 3 !== 0) throw new SkaldError('store-failed', { problem: what });
    };
    store.onRead = (_stream, events) => {
      failing('read');
      return events;
    };
    index.onPut = async () => failing('put');
    const observer = { troubled: (what: string) => void troubles.push(what) };
    const options = { cachedSagas: 2, observers: [observer] };
    await project(inPortions(store, 5), index, options).caughtUp(await made.events.head());
    expect(await rows(index)).toEqual(await truth(made));
    expect(new Set(troubles.map((what) => what.split(';')[0]))).toEqual(
      new Set(['the events of sagas cannot be read', 'the index cannot be written']),
    );
  });

  it('F2: of a saga that is not at hand the stream is read once, however often it is forgotten again', async () => {
    const made = await world(3, 60);
    const reads = new Map<string, number>();
    const store = new SteeredStore(made.events);
    store.onRead = (stream, events) => {
      reads.set(stream, (reads.get(stream) ?? 0) + 1);
      return events;
    };
    const index = new MemorySagaIndex();
    await project(inPortions(store, 3), index, { cachedSagas: 1 }).caughtUp();
    expect(await rows(index)).toEqual(await truth(made));
    expect(Math.max(...reads.values())).toBe(1);
  });
});

describe('Whoever waits for a position', () => {
  it('P1: finds what was stored there, and is told at once when it was seen before', async () => {
    const index = new MemorySagaIndex();
    let projection: IndexProjection | undefined;
    await world(5, 10, async ({ events, index: kept }) => {
      projection ??= project(events, index);
      const position = await events.head();
      await projection.caughtUp(position);
      expect(projection.position).toBeGreaterThanOrEqual(position);
      expect(await index.position()).toBe(projection.position);
      expect(await index.count()).toEqual(await kept.count());
      await projection.caughtUp(1);
      expect(await projection.lag()).toEqual({ position, head: position, milliseconds: 0 });
    });
  });

  it('P2: waits while the index stands still; its lag is told', async () => {
    const made = await world(5, 5);
    const index = new SteeredIndex();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    index.onPut = () => held;
    const projection = project(made.events, index, { clock: { ...impatient, now: () => made.clock.now() } });
    let isThere = false;
    const waiting = projection.caughtUp().then(() => {
      isThere = true;
    });
    await made.quiet();
    expect(isThere).toBe(false);
    expect(await projection.lag()).toEqual({ position: 0, head: await made.events.head(), milliseconds: made.clock.now() });
    letGo();
    await waiting;
    expect((await projection.lag()).milliseconds).toBe(0);
  });

  it('P4: is told that there is nothing to wait for any more, by a stop or by its own signal', async () => {
    const made = await world(5, 2);
    const index = new SteeredIndex();
    const projection = project(made.events, index);
    await projection.caughtUp();
    const stopping = new AbortController();
    const abandoned = projection.caughtUp(1_000_000, stopping.signal);
    stopping.abort();
    await expect(abandoned).rejects.toMatchObject({ code: 'app-stopped' });
    const waiting = projection.caughtUp(1_000_000);
    const stopped = projection.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'app-stopped' });
    await stopped;
    const { puts } = index;
    await made.answered(made.begin('order', 'later'));
    await made.pass(10_000);
    expect(index.puts).toBe(puts);
    await expect(projection.caughtUp()).rejects.toMatchObject({ code: 'app-stopped' });
  });
});

describe('P3: An index is made anew', () => {
  const alien: SagaSummary = {
    sagaId: 'order-0',
    saga: 'order',
    version: 1,
    status: 'running',
    startedAt: 1,
    since: 1,
    dueAt: 1,
    owes: true,
    error: undefined,
  };

  it.each([
    ['that is ahead of its store', { ...alien, sagaId: 'alien-1' }, 1_000_000],
    ['that knows a saga which is not in its store', { ...alien, sagaId: 'alien-1' }, 3],
    ['that knows a saga by the name of another one', alien, 3],
  ])('%s', async (_title, summary, position) => {
    const made = await world(5, 10);
    const index = new MemorySagaIndex();
    await index.put([summary], position);
    await project(made.events, index).caughtUp();
    expect(await rows(index)).toEqual(await truth(made));
  });

  it.each(['store-corrupt', 'index-cleared'] as const)('when writing to it fails with %s', async (code) => {
    const index = new SteeredIndex();
    let projection: IndexProjection | undefined;
    const made = await world(5, 10, async ({ events }, nth) => {
      if (nth === 2) projection = project(events, index);
      await projection?.caughtUp();
      if (nth !== 6) return;
      if (code === 'index-cleared') await index.clear();
      index.onPut = async () => {
        index.onPut = async () => {};
        throw new SkaldError(code, code === 'store-corrupt' ? { file: 'index.db', problem: 'malformed' } : { file: 'index.db' });
      };
    });
    await projection?.caughtUp();
    expect(await rows(index)).toEqual(await truth(made));
  });

  it('when somebody asks for it, under load', async () => {
    const index = new MemorySagaIndex();
    let projection: IndexProjection | undefined;
    const made = await world(5, 20, async ({ events }) => {
      projection ??= project(events, index);
      projection.rebuild();
    });
    await projection?.caughtUp();
    expect(await rows(index)).toEqual(await truth(made));
  });
});

describe('F3: A saga that cannot be read', () => {
  const spoilt = (events: readonly RecordedEvent[]) => events.map((event) => ({ ...event, data: '{' }));

  it('is left out and told once, and stops no other', async () => {
    const made = await world(5, 10);
    const store = new SteeredStore(made.events);
    const lost = (await rows(made.index))[4]?.sagaId ?? '';
    const damaged = Object.create(store) as EventStore;
    damaged.subscribe = (position, listener) =>
      store.subscribe(position, (events) => listener(events.flatMap((event) => (event.stream === lost ? spoilt([event]) : [event]))));
    const told: (string | undefined)[] = [];
    const index = new MemorySagaIndex();
    const observer = { troubled: (_what: string, _error: unknown, sagaId?: string) => void told.push(sagaId) };
    await project(inPortions(damaged, 4), index, { observers: [observer], cachedSagas: 2 }).caughtUp();
    expect(told).toEqual([lost]);
    expect(await rows(index)).toEqual((await truth(made)).filter(({ sagaId }) => sagaId !== lost));
  });

  it('whose stream is gone, is left out as well', async () => {
    const made = await world(5, 10);
    const store = new SteeredStore(made.events);
    const lost = (await rows(made.index))[4]?.sagaId ?? '';
    store.onRead = (stream, events) => (stream === lost ? [] : events);
    const index = new MemorySagaIndex();
    const first = (await made.events.read(lost))[0]?.position ?? 0;
    await index.put([], first);
    await project(inPortions(store, 4), index).caughtUp();
    expect((await rows(index)).map(({ sagaId }) => sagaId)).not.toContain(lost);
  });

  it('because its events read well and cannot be, is left out too', async () => {
    const made = await world(5, 3);
    const all = await made.events.readAll(0, 1_000);
    const store = new MemoryEventStore();
    for (const event of all) {
      const data = event.stream.endsWith('-1') && event.revision > 0 ? 'null' : event.data;
      await store.append([{ stream: event.stream, expectedRevision: event.revision - 1, events: [{ ...event, data }] }]);
    }
    const index = new MemorySagaIndex();
    await project(store, index).caughtUp();
    expect(await rows(index)).toEqual((await truth(made)).filter(({ sagaId }) => !sagaId.endsWith('-1')));
  });
});
