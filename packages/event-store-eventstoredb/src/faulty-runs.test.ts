import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Fault, startTestServer, type TestServer } from '@skald/eventstoredb-test-server';
import type { EventStore, RecordedEvent, StreamWrite } from '@skald/kernel';
import { madeUpEvents, madeUpStream } from '@skald/testkit';
import fc from 'fast-check';
import { connectEventStore } from './connect-event-store.js';

/** What is written to one stream in a batch: writes that follow each other, one at a wrong revision, or the last one again. */
interface Share {
  readonly kind: 'chain' | 'wrong' | 'repeat';
  readonly sizes: readonly number[];
}

interface Step {
  readonly shares: readonly (Share | undefined)[];
  readonly faults: readonly Fault[];
}

const STREAMS = 4;

const share: fc.Arbitrary<Share> = fc.record({
  kind: fc.constantFrom('chain' as const, 'chain' as const, 'wrong' as const, 'repeat' as const),
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
});

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    on: fc.constant('append' as const),
    reaction: fc.constantFrom('silence', 'cut', 'unavailable', 'cancelled', 'timeout', 'too-busy', 'not-leader'),
    written: fc.boolean(),
    skip: fc.nat(6),
    times: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({ on: fc.constant('subscription' as const), reaction: fc.constantFrom('cut', 'too-slow', 'silence'), after: fc.nat(5) }),
);

const step: fc.Arbitrary<Step> = fc.record({
  shares: fc.array(fc.option(share, { nil: undefined }), { minLength: STREAMS, maxLength: STREAMS }),
  faults: fc.array(fault, { maxLength: 2 }),
});

let server: TestServer;
let store: EventStore;
beforeAll(async () => {
  server = await startTestServer();
  const timeouts = { answer: 80, patience: 20_000, quiet: 150 };
  store = await connectEventStore({ connectionString: server.connectionString, timeouts });
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

/** A stream by its definition. */
class ModelStream {
  readonly name = madeUpStream();
  ids: string[] = [];
  last: StreamWrite | undefined;

  plan({ kind, sizes }: Share): { readonly write: StreamWrite; readonly fate: object }[] {
    const { name: stream } = this;
    if (kind === 'repeat') return this.last ? [{ write: this.last, fate: { type: 'appended', revision: this.ids.length - 1 } }] : [];
    if (kind === 'wrong') {
      const write = { stream, expectedRevision: this.ids.length + 3, events: madeUpEvents(sizes[0] ?? 1) };
      return [{ write, fate: { type: 'conflict', actual: this.ids.length - 1 } }];
    }
    return sizes.map((size) => {
      const write = { stream, expectedRevision: this.ids.length - 1, events: madeUpEvents(size) };
      this.ids.push(...write.events.map(({ id }) => id));
      this.last = write;
      return { write, fate: { type: 'appended', revision: this.ids.length - 1 } };
    });
  }
}

async function runs(steps: readonly Step[]): Promise<void> {
  const start = await store.head();
  const streams = Array.from({ length: STREAMS }, () => new ModelStream());
  const seen: RecordedEvent[] = [];
  let news = (): void => {};
  const subscription = store.subscribe(start, async (events) => {
    seen.push(...events);
    news();
  });
  try {
    for (const { shares, faults } of steps) {
      for (const one of faults) server.inject(one);
      const planned = shares.flatMap((one, at) => (one ? (streams[at]?.plan(one) ?? []) : []));
      const outcomes = await store.append(planned.map(({ write }) => write));
      expect(outcomes).toEqual(planned.map(({ fate }) => expect.objectContaining(fate)));
    }
    server.faults.clear();
    for (const { name, ids } of streams) expect((await store.read(name)).map(({ id }) => id)).toEqual(ids);
    const all = await store.readAll(start, 10_000);
    expect(all.map(({ id }) => id).sort()).toEqual(streams.flatMap(({ ids }) => ids).sort());
    while (seen.length < all.length) await new Promise<void>((resolve) => (news = resolve));
    expect(seen).toEqual(all);
  } finally {
    server.faults.clear();
    await subscription.stop();
  }
}

it('P2, P3, P4, S1: whatever is written and whatever fails, each write has the model’s fate, and subscribers see all of it once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), (steps) => runs(steps)),
    { numRuns: Number(process.env['FAULTY_RUNS'] ?? 12) },
  );
}, 60_000);
