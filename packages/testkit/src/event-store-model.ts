import type { AppendOutcome, EventStore, NewEvent, StreamWrite } from '@skald/kernel';
import fc from 'fast-check';
import { madeUpEvent, madeUpStream } from './made-up-events.js';
import { expect } from './test-framework.contract.js';

/** One write of a random batch: new events at the right or a wrong revision, or an earlier write again, whole or spoilt. */
type Move =
  | { readonly kind: 'new'; readonly stream: number; readonly off: number; readonly events: number }
  | { readonly kind: 'repeat' | 'spoilt'; readonly which: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant('new' as const),
    stream: fc.nat(2),
    off: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 2 }) }),
    events: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ kind: fc.constantFrom('repeat' as const, 'spoilt' as const), which: fc.nat() }),
);

/** A store by its definition: streams are lists, and so is everything. */
class Model {
  readonly streams = new Map<string, string[]>();
  readonly order: string[] = [];

  append({ stream, expectedRevision, events }: StreamWrite): 'appended' | number {
    const there = this.streams.get(stream) ?? [];
    const ids = events.map(({ id }) => id);
    if (expectedRevision === there.length - 1) {
      this.streams.set(stream, [...there, ...ids]);
      this.order.push(...ids);
      return 'appended';
    }
    const same = ids.every((id, i) => there[expectedRevision + 1 + i] === id);
    return same ? 'appended' : there.length - 1;
  }
}

/** Random batches: the same fates, the same streams, the same global order as the model's. */
export async function behavesAsTheModel(store: EventStore, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(move, { maxLength: 8 }), { maxLength: 6 }), async (batches) => {
      const start = await store.head();
      const streams = [madeUpStream(), madeUpStream(), madeUpStream()];
      const model = new Model();
      const written: StreamWrite[] = [];
      for (const moves of batches) {
        const writes = plan(moves, streams, model, written);
        const expected = writes.map((write) => ({ write, fate: model.append(write) }));
        const outcomes = await store.append(writes);
        expect(outcomes.map(fateOf)).toEqual(expected.map(({ fate }) => fate));
        for (const [i, outcome] of outcomes.entries()) {
          const write = writes[i];
          if (write && outcome.type === 'appended') expect(outcome.revision).toBe(write.expectedRevision + write.events.length);
        }
        written.push(...writes);
      }
      for (const stream of streams) {
        const there = await store.read(stream);
        expect(there.map(({ id }) => id)).toEqual(model.streams.get(stream) ?? []);
        expect(there.map(({ revision }) => revision)).toEqual(there.map((_, i) => i));
      }
      const all = (await store.readAll(start, 1_000)).filter(({ stream }) => streams.includes(stream));
      expect(all.map(({ id }) => id)).toEqual(model.order);
    }),
    { numRuns: runs },
  );
}

function fateOf(outcome: AppendOutcome): 'appended' | 'unknown' | number {
  return outcome.type === 'conflict' ? outcome.actual : outcome.type;
}

function plan(moves: readonly Move[], streams: readonly string[], model: Model, written: readonly StreamWrite[]): StreamWrite[] {
  const lengths = new Map(streams.map((stream) => [stream, model.streams.get(stream)?.length ?? 0]));
  const planned: StreamWrite[] = [];
  for (const one of moves) {
    if (one.kind === 'new') {
      const stream = streams[one.stream] ?? '';
      const length = lengths.get(stream) ?? 0;
      const events = Array.from({ length: one.events }, () => madeUpEvent());
      planned.push({ stream, expectedRevision: Math.max(-1, length - 1 + one.off), events });
      if (one.off === 0 || length - 1 + one.off < -1) lengths.set(stream, length + one.events);
    } else {
      const earlier = [...written, ...planned];
      const again = earlier[one.which % Math.max(1, earlier.length)];
      if (again) planned.push(one.kind === 'repeat' ? again : { ...again, events: spoil(again.events) });
    }
  }
  return planned;
}

/** The last event is another: at most a part of it stands there. */
function spoil(events: readonly NewEvent[]): NewEvent[] {
  return [...events.slice(0, -1), madeUpEvent()];
}
