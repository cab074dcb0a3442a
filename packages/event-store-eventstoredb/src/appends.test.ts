import { describe, expect, it } from '@jest/globals';
import type { StreamWrite } from '@skald/kernel';
import { madeUpEvents } from '@skald/testkit';
import type { Answer, AppendCalls, EncodedWrite } from './append-calls.js';
import { Appends } from './appends.js';
import type { StoredEvent } from './event-envelope.js';
import type { ReadCalls } from './read-calls.js';
import { Shutter } from './waiting.js';

const unknown: Answer = { type: 'unknown', error: new Error('no answer') };
const unsent: Answer = { type: 'unsent', error: new Error('no connection') };
const refused: Answer = { type: 'refused', error: Object.assign(new Error('denied'), { code: 7 }) };
const appended = (revision: number): Answer => ({ type: 'appended', revision, position: revision + 10 });
const conflict: Answer = { type: 'conflict', actual: 1 };

/** A server that answers by a script, the last line for ever; `there`: what a look at the stream finds. */
function scripted(script: Readonly<Record<string, readonly Answer[]>>, there: readonly StoredEvent[] = []) {
  const sent: EncodedWrite[] = [];
  const asked = new Map<string, number>();
  const calls: AppendCalls = {
    send: async (write) => {
      sent.push(write);
      const nth = asked.get(write.stream) ?? 0;
      asked.set(write.stream, nth + 1);
      const answers = script[write.stream] ?? [];
      return answers[Math.min(nth, answers.length - 1)] ?? unknown;
    },
    close: () => {},
  };
  const reads = { stream: async () => [...there] } as unknown as ReadCalls;
  const appends = new Appends(calls, reads, new Shutter(), {
    ...{ server: 'esdb://test', prefix: '', maxAppendSize: 100_000, maxUnacknowledged: 4, answerTimeout: 50, patience: 300 },
    trouble: () => {},
  });
  return { appends, sent };
}

function write(stream: string, expectedRevision = -1, count = 2): StreamWrite {
  return { stream, expectedRevision, events: madeUpEvents(count) };
}

function stored({ stream, expectedRevision, events }: StreamWrite): StoredEvent[] {
  return events.map(({ id }, nth) => ({ stream, id, revision: expectedRevision + 1 + nth, position: 70 + nth, recorded: undefined }));
}

describe('Appends', () => {
  it('P2: sends the very same bytes again until there is an answer', async () => {
    const { appends, sent } = scripted({ a: [unknown, unsent, unknown, appended(1)] });
    expect(await appends.append([write('a')])).toEqual([{ type: 'appended', revision: 1, position: 11 }]);
    expect(sent).toHaveLength(4);
    for (const again of sent) expect(again).toBe(sent[0]);
  });

  it('P2: says unknown when patience ends, with an error that may be retried', async () => {
    const { appends } = scripted({ a: [unknown], b: [appended(1)] });
    const outcomes = await appends.append([write('a'), write('b')]);
    expect(outcomes).toMatchObject([{ type: 'unknown', error: { code: 'store-unreachable', retryable: true } }, { type: 'appended' }]);
  });

  it('A8, P3: takes a conflict that answers a repeat for success where the very events stand there', async () => {
    const mine = write('a');
    const { appends } = scripted({ a: [unknown, conflict] }, stored(mine));
    expect(await appends.append([mine])).toEqual([{ type: 'appended', revision: 1, position: 71 }]);
  });

  it('P3: takes it for a conflict where others stand there, or only a part', async () => {
    const mine = write('a');
    expect(await scripted({ a: [unknown, conflict] }, stored(write('a'))).appends.append([mine])).toEqual([conflict]);
    expect(await scripted({ a: [unknown, conflict] }, stored(mine).slice(0, 1)).appends.append([mine])).toEqual([conflict]);
  });

  it('P3: believes a conflict that answers the first attempt', async () => {
    const mine = write('a');
    expect(await scripted({ a: [conflict] }, stored(mine)).appends.append([mine])).toEqual([conflict]);
    expect(await scripted({ a: [unsent, conflict] }, stored(mine)).appends.append([mine])).toEqual([conflict]);
  });

  it('P4: settles the writes of a stream in order, and asks again for a conflict after a doubtful one', async () => {
    const { appends, sent } = scripted({ a: [unknown, conflict, appended(1), appended(3)], b: [conflict] });
    expect(await appends.append([write('a'), write('a', 1), write('b')])).toMatchObject([
      { type: 'appended', revision: 1 },
      { type: 'appended', revision: 3 },
      { type: 'conflict' },
    ]);
    expect(sent.map(({ stream, expectedRevision }) => [stream, expectedRevision])).toEqual([
      ['a', -1],
      ['a', 1],
      ['b', -1],
      ['a', -1],
      ['a', 1],
    ]);
  });

  it('P5: sends nothing of a batch that has a write without events, or one that is too large', async () => {
    const { appends, sent } = scripted({ a: [appended(1)] });
    await expect(appends.append([write('a'), write('b', -1, 0)])).rejects.toThrow(TypeError);
    await expect(appends.append([write('a'), write('b', -1, 900)])).rejects.toMatchObject({ code: 'payload-too-large' });
    expect(sent).toEqual([]);
  });

  it('P6: rejects when nothing was stored for certain, and only then', async () => {
    await expect(scripted({ a: [unsent] }).appends.append([write('a')])).rejects.toMatchObject({ code: 'store-unreachable' });
    await expect(scripted({ a: [refused], b: [conflict] }).appends.append([write('a'), write('b')])).rejects.toMatchObject({
      code: 'store-access-denied',
      retryable: false,
    });
    const mixed = await scripted({ a: [refused], b: [appended(1)] }).appends.append([write('a'), write('b')]);
    expect(mixed).toMatchObject([{ type: 'unknown', error: { code: 'store-access-denied' } }, { type: 'appended' }]);
    const doubtful = await scripted({ a: [unknown, unsent] }).appends.append([write('a')]);
    expect(doubtful).toMatchObject([{ type: 'unknown' }]);
  });
});
