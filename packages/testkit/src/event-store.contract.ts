import type { EventStore, NewEvent, RecordedEvent, StreamWrite } from '@skald/kernel';
import { type ContractOptions, type ContractSubject, contract, type Sentence } from './contract.js';
import { behavesAsTheModel } from './event-store-model.js';
import { subscribes } from './event-subscription.contract.js';
import { madeUpEvent, madeUpEvents, madeUpStream } from './made-up-events.js';
import { expect } from './test-framework.contract.js';

export type EventStoreSubject = ContractSubject<EventStore>;

export interface EventStoreContractOptions extends ContractOptions {
  /** Runs of the property; default 40. */
  readonly runs?: number;
}

/** What every event store keeps; `open` may give one that is shared with others, except where a sentence says empty. */
export function eventStoreContract(name: string, open: () => Promise<EventStoreSubject>, options: EventStoreContractOptions = {}): void {
  contract(`${name} is an event store`, open, options, (sentence) => {
    appends(sentence);
    repeats(sentence);
    batches(sentence);
    reads(sentence);
    subscribes(sentence);
    closes(sentence);
    sentence('behaves as the naive model does, whatever is written', ({ subject }) => behavesAsTheModel(subject, options.runs ?? 40));
  });
}

function write(stream: string, expectedRevision: number, events: readonly NewEvent[]): StreamWrite {
  return { stream, expectedRevision, events };
}

function appends(sentence: Sentence<EventStoreSubject>): void {
  sentence('has its head at 0 while it is empty', async ({ subject }) => {
    expect(await subject.head()).toBe(0);
    expect(await subject.readAll(0, 10)).toEqual([]);
  });
  sentence('appends to a stream that does not exist at expected revision -1', async ({ subject }) => {
    const stream = madeUpStream();
    const events = madeUpEvents(3);
    const [outcome] = await subject.append([write(stream, -1, events)]);
    expect(outcome).toEqual({ type: 'appended', revision: 2, position: await subject.head() });
    expect((await subject.read(stream)).map(({ id, revision }) => [id, revision])).toEqual(events.map(({ id }, i) => [id, i]));
  });
  sentence('appends after the last event, and counts revisions without gaps', async ({ subject }) => {
    const stream = madeUpStream();
    await subject.append([write(stream, -1, madeUpEvents(2))]);
    const [outcome] = await subject.append([write(stream, 1, madeUpEvents(3))]);
    expect(outcome).toMatchObject({ type: 'appended', revision: 4 });
    expect((await subject.read(stream)).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
  });
  sentence('gives every field back as it was written', async ({ subject }) => {
    const stream = madeUpStream();
    const event = madeUpEvent();
    const [outcome] = await subject.append([write(stream, -1, [event])]);
    const [recorded] = await subject.read(stream);
    expect(recorded).toEqual({ ...event, stream, revision: 0, position: outcome?.type === 'appended' ? outcome.position : undefined });
  });
  sentence('gives data and metadata back as these very characters', async ({ subject }) => {
    const stream = madeUpStream();
    const texts = [
      '{ "spaces" :\t1.0, "order": 1,  "a": 2e3 }',
      '{"quotes":"\\" \' ` \\\\"}',
      '{"unicode":"é 漢字 \u2028\u2029 \u00a0 ﷽","escaped":"\\u00e9"}',
      '{"emoji":"😀👨‍👩‍👧‍👦🏴"}',
      '{"control":"\\u0000\\n"}',
      '"just a text"',
      'null',
      `{"long":"${'x'.repeat(100_000)}"}`,
    ];
    const events = texts.map((text) => ({ ...madeUpEvent(text), metadata: text }));
    await subject.append([write(stream, -1, events)]);
    const recorded = await subject.read(stream);
    expect(recorded.map(({ data }) => data)).toEqual(texts);
    expect(recorded.map(({ metadata }) => metadata)).toEqual(texts);
  });
  sentence('takes stream names with any printable character', async ({ subject }) => {
    const streams = ['o\'r"der', 'été-漢字-😀', 'a b/c%d?e#f', 'x'.repeat(200)].map((name) => `${madeUpStream()} ${name}`);
    await subject.append(streams.map((stream) => write(stream, -1, [madeUpEvent()])));
    for (const stream of streams) expect((await subject.read(stream)).map((event) => event.stream)).toEqual([stream]);
  });
  sentence('refuses a write without events, and stores nothing of its batch', async ({ subject }) => {
    const stream = madeUpStream();
    await expect(subject.append([write(stream, -1, [madeUpEvent()]), write(madeUpStream(), -1, [])])).rejects.toThrow(TypeError);
    expect(await subject.read(stream)).toEqual([]);
  });
}

function repeats(sentence: Sentence<EventStoreSubject>): void {
  sentence('answers a repeat as it answered the first time, and stores nothing', async ({ subject }) => {
    const stream = madeUpStream();
    const first = write(stream, -1, madeUpEvents(3));
    const second = write(stream, 2, madeUpEvents(2));
    const [a] = await subject.append([first]);
    const [b] = await subject.append([second]);
    const head = await subject.head();
    expect(await subject.append([first])).toEqual([a]);
    expect(await subject.append([second])).toEqual([b]);
    expect(await subject.append([second, first])).toEqual([b, a]);
    expect(await subject.head()).toBe(head);
    expect(await subject.read(stream)).toHaveLength(5);
  });
  sentence('answers a repeat within one batch', async ({ subject }) => {
    const stream = madeUpStream();
    const once = write(stream, -1, madeUpEvents(2));
    const [a, b] = await subject.append([once, once]);
    expect(a).toMatchObject({ type: 'appended', revision: 1 });
    expect(b).toEqual(a);
    expect(await subject.read(stream)).toHaveLength(2);
  });
  sentence('takes other events at the same expected revision for a conflict', async ({ subject }) => {
    const stream = madeUpStream();
    await subject.append([write(stream, -1, madeUpEvents(2))]);
    expect(await subject.append([write(stream, -1, madeUpEvents(2))])).toEqual([{ type: 'conflict', actual: 1 }]);
  });
  sentence('takes events that partly stand there for a conflict', async ({ subject }) => {
    const stream = madeUpStream();
    const events = madeUpEvents(3);
    const [a, b, c] = events as [NewEvent, NewEvent, NewEvent];
    await subject.append([write(stream, -1, events)]);
    const conflict = { type: 'conflict', actual: 2 };
    expect(await subject.append([write(stream, -1, [a, b, madeUpEvent()])])).toEqual([conflict]);
    expect(await subject.append([write(stream, -1, [a, b, c, madeUpEvent()])])).toEqual([conflict]);
    expect(await subject.append([write(stream, 0, [b, madeUpEvent()])])).toEqual([conflict]);
    expect(await subject.append([write(stream, 0, [a])])).toEqual([conflict]);
    expect(await subject.append([write(stream, -1, [madeUpEvent(), b, c])])).toEqual([conflict]);
    expect((await subject.read(stream)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
  });
}

function batches(sentence: Sentence<EventStoreSubject>): void {
  sentence('says in a conflict where the stream is, -1 where there is none', async ({ subject }) => {
    const stream = madeUpStream();
    expect(await subject.append([write(stream, 0, [madeUpEvent()])])).toEqual([{ type: 'conflict', actual: -1 }]);
    await subject.append([write(stream, -1, madeUpEvents(2))]);
    expect(await subject.append([write(stream, 5, [madeUpEvent()])])).toEqual([{ type: 'conflict', actual: 1 }]);
    expect(await subject.append([write(stream, 0, [madeUpEvent()])])).toEqual([{ type: 'conflict', actual: 1 }]);
  });
  sentence('gives each write of a batch a fate of its own, in the order of the batch', async ({ subject }) => {
    const [good, bad, other] = [madeUpStream(), madeUpStream(), madeUpStream()];
    await subject.append([write(bad, -1, madeUpEvents(2))]);
    const outcomes = await subject.append([
      write(good, -1, madeUpEvents(2)),
      write(bad, 0, madeUpEvents(2)),
      write(good, 0, madeUpEvents(1)),
      write(other, -1, madeUpEvents(1)),
    ]);
    expect(outcomes).toMatchObject([
      { type: 'appended', revision: 1 },
      { type: 'conflict', actual: 1 },
      { type: 'conflict', actual: 1 },
      { type: 'appended', revision: 0 },
    ]);
    expect([await subject.read(good), await subject.read(bad), await subject.read(other)].map(({ length }) => length)).toEqual([2, 2, 1]);
  });
  sentence('appends several writes of one stream in a batch one after the other', async ({ subject }) => {
    const stream = madeUpStream();
    const outcomes = await subject.append([write(stream, -1, madeUpEvents(2)), write(stream, 1, madeUpEvents(1))]);
    expect(outcomes).toMatchObject([
      { type: 'appended', revision: 1 },
      { type: 'appended', revision: 2 },
    ]);
    expect(await subject.read(stream)).toHaveLength(3);
  });
  sentence('takes an empty batch', async ({ subject }) => {
    expect(await subject.append([])).toEqual([]);
  });
  sentence('lets one of two writers win', async ({ subject }) => {
    const stream = madeUpStream();
    const outcomes = (await Promise.all([1, 2, 3].map(() => subject.append([write(stream, -1, [madeUpEvent()])])))).flat();
    expect(outcomes.map(({ type }) => type).sort()).toEqual(['appended', 'conflict', 'conflict']);
    expect(await subject.read(stream)).toHaveLength(1);
  });
}

function reads(sentence: Sentence<EventStoreSubject>): void {
  sentence('reads nothing from a stream that does not exist', async ({ subject }) => {
    expect(await subject.read(madeUpStream())).toEqual([]);
  });
  sentence('reads a stream in pages', async ({ subject }) => {
    const stream = madeUpStream();
    await subject.append([write(stream, -1, madeUpEvents(7))]);
    const revisions = async (from: number, limit: number) => (await subject.read(stream, { from, limit })).map(({ revision }) => revision);
    expect(await revisions(0, 3)).toEqual([0, 1, 2]);
    expect(await revisions(3, 3)).toEqual([3, 4, 5]);
    expect(await revisions(6, 3)).toEqual([6]);
    expect(await revisions(7, 3)).toEqual([]);
    expect(await revisions(2, 0)).toEqual([]);
  });
  sentence('reads at most 1,000 events unless told', async ({ subject }) => {
    const stream = madeUpStream();
    await subject.append([0, 1, 2].map((part) => write(stream, part * 400 - 1, madeUpEvents(400))));
    expect(await subject.read(stream)).toHaveLength(1_000);
    expect(await subject.read(stream, { from: 1_000 })).toHaveLength(200);
  });
  sentence('reads all streams in one global order, strictly increasing, in pages', async ({ subject }) => {
    const start = await subject.head();
    const [a, b] = [madeUpStream(), madeUpStream()];
    await subject.append([write(a, -1, madeUpEvents(2)), write(b, -1, madeUpEvents(3))]);
    await subject.append([write(a, 1, madeUpEvents(2))]);
    const mine = await readMine(subject, start, [a, b], 3);
    expect(mine.map(({ stream, revision }) => [stream, revision])).toEqual([
      [a, 0],
      [a, 1],
      [b, 0],
      [b, 1],
      [b, 2],
      [a, 2],
      [a, 3],
    ]);
    expect(mine.every(({ position }, i) => position > (mine[i - 1]?.position ?? start))).toBe(true);
    expect(mine.at(-1)?.position).toBe(await subject.head());
    expect(await subject.readAll(await subject.head(), 10)).toEqual([]);
  });
  sentence('lists the heads of its streams in the order of their bytes, where it lists them', async ({ subject }) => {
    if (!subject.heads) return;
    const prefix = madeUpStream();
    // In UTF-16 the last two come the other way round.
    const streams = [`${prefix}-a`, `${prefix}-b`, `${prefix}-\ue000`, `${prefix}-\u{1f600}`];
    const [first] = streams;
    for (const stream of streams.toReversed()) await subject.append([write(stream, -1, madeUpEvents(2))]);
    const last = madeUpEvent();
    await subject.append([write(first ?? '', 1, [last])]);
    const page = await subject.heads(prefix, 3);
    expect(page.map(({ stream, revision }) => [stream, revision])).toEqual([2, 1, 1].map((revision, nth) => [streams[nth], revision]));
    expect(page[0]?.hash).toBe(last.hash);
    expect((await subject.heads(streams[2] ?? '', 1)).map(({ stream }) => stream)).toEqual([streams[3]]);
  });
  sentence('gives nothing from before the first position, where positions are dense', async ({ subject }) => {
    await subject.append([write(madeUpStream(), -1, madeUpEvents(2))]);
    if (subject.isDense) expect(await subject.readAll(Number.MIN_SAFE_INTEGER, 2)).toEqual(await subject.readAll(0, 2));
  });
  sentence('gives the same positions by stream and over all', async ({ subject }) => {
    const start = await subject.head();
    const stream = madeUpStream();
    await subject.append([write(stream, -1, madeUpEvents(4))]);
    expect(await subject.read(stream)).toEqual(await readMine(subject, start, [stream], 100));
  });
}

/** Pages through everything after `start`, and keeps what is of these streams: a shared server has others. */
async function readMine(store: EventStore, start: number, streams: readonly string[], limit: number): Promise<RecordedEvent[]> {
  const mine: RecordedEvent[] = [];
  let position = start;
  for (;;) {
    const page = await store.readAll(position, limit);
    expect(page.length).toBeLessThanOrEqual(limit);
    const last = page.at(-1);
    if (last === undefined) return mine;
    position = last.position;
    mine.push(...page.filter(({ stream }) => streams.includes(stream)));
  }
}

function closes(sentence: Sentence<EventStoreSubject>): void {
  sentence('refuses everything once it is closed, and may be closed twice', async ({ subject }) => {
    await subject.close();
    await subject.close();
    const closed = { code: 'store-closed' };
    await expect(subject.append([write(madeUpStream(), -1, [madeUpEvent()])])).rejects.toMatchObject(closed);
    await expect(subject.read(madeUpStream())).rejects.toMatchObject(closed);
    await expect(subject.readAll(0, 1)).rejects.toMatchObject(closed);
    await expect(subject.head()).rejects.toMatchObject(closed);
    expect(() => subject.subscribe(0, async () => {})).toThrow(expect.objectContaining(closed));
  });
}
