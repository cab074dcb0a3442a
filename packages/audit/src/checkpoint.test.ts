import { describe, expect, it } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import type { NewEvent, RecordedEvent, SagaEvent, StreamHead } from '@skald/kernel';
import { FixedStore } from '@skald/testkit';
import { BadCheckpoint, type Checkpoint, checkRow, checkSignature, generateKeys, readCheckpoint } from './checkpoint.js';
import { compareWithCheckpoint, makeCheckpoint } from './checkpoint-store.js';
import { OrderDigest } from './order-digest.js';
import { verifyAll } from './verify.js';

const keys = generateKeys();
const STREAMS = ['order-1', 'order-2', 'order-3', 'order-4', 'order-5'];

function history(stream: string, events: number, word = 'done'): NewEvent[] {
  const started = { sagaId: stream, saga: 'order', version: 1, incarnation: 'a', input: {}, inputHash: 'h', request: 'r' };
  const rest = Array.from({ length: events - 1 }, (_, n): SagaEvent => ({ type: 'StepSucceeded', at: n, data: { step: word, round: 1 } }));
  return encodeEvents([{ type: 'SagaStarted', at: 0, data: started }, ...rest], 'reply', stream);
}

/** One stream after the other. */
function stored(streams: Readonly<Record<string, readonly NewEvent[]>>): RecordedEvent[] {
  let position = 0;
  return Object.entries(streams).flatMap(([stream, events]) =>
    events.map((event, revision) => ({ ...event, stream, revision, position: ++position })),
  );
}

function headsOf(events: readonly RecordedEvent[]): StreamHead[] {
  const heads = new Map(events.map(({ stream, revision, hash }) => [stream, { stream, revision, hash }]));
  return [...heads.values()].sort((a, b) => (a.stream < b.stream ? -1 : 1));
}

const histories = Object.fromEntries(STREAMS.map((stream, nth) => [stream, history(stream, 4 + nth)]));
const events = stored(histories);

async function checkpointOf(all: readonly RecordedEvent[], list: boolean, previous?: Checkpoint, lists = true): Promise<Checkpoint> {
  const store = new FixedStore(all, lists ? headsOf(all) : undefined);
  return makeCheckpoint(store, { privateKey: keys.privateKey, at: 1_000, list, ...(previous && { previous }) });
}

async function compare(store: FixedStore, checkpoint: Checkpoint, isCopy = false) {
  const order = new OrderDigest([checkpoint.position]);
  order.add(await store.readAll(0, 1_000));
  return compareWithCheckpoint(store, checkpoint, order, isCopy);
}

/** Against a list and against a root alone, of a store that lists its streams and of one that does not. */
async function differences(now: readonly RecordedEvent[], lists: boolean) {
  const store = new FixedStore(now, lists ? headsOf(now) : undefined);
  const [byList, byRoot] = await Promise.all([checkpointOf(events, true), checkpointOf(events, false)]);
  return { byList: await compare(store, byList), byRoot: await compare(store, byRoot) };
}

describe.each([true, false])('A checkpoint, of a store that lists its streams: %s;', (lists) => {
  it('is the same whichever way the heads are found, and says what it covers', async () => {
    const checkpoint = await checkpointOf(events, false, undefined, lists);
    expect(checkpoint).toMatchObject({ number: 1, at: 1_000, position: events.length, streams: 5, events: events.length });
    expect(checkpoint.root).toBe((await checkpointOf(events, true)).root);
  });

  it('holds for the store that it was made of, and for what that became', async () => {
    const grown = [...events, ...stored({ 'order-0': history('order-0', 3) })].map((event, n) => ({ ...event, position: n + 1 }));
    const longer = stored({ ...histories, 'order-5': history('order-5', 30) });
    for (const now of [events, grown, longer]) expect(await differences(now, lists)).toEqual({ byList: [], byRoot: [] });
  });

  it('B26: finds a tail that was cut from any stream, at any length, though the chain holds', async () => {
    for (const [stream, whole] of Object.entries(histories)) {
      for (let length = 0; length < whole.length; length++) {
        const now = stored({ ...histories, [stream]: whole.slice(0, length) });
        expect((await verifyAll(new FixedStore(now, headsOf(now)))).findings).toEqual([]);
        const { byList, byRoot } = await differences(now, lists);
        expect(byList).toEqual([expect.objectContaining({ stream, revision: length, kind: 'dropped' })]);
        expect(byRoot).toEqual([expect.objectContaining({ kind: 'dropped' })]);
      }
    }
  });

  it('finds a stream that was written anew as a whole, and two that were exchanged, though every chain holds', async () => {
    for (const stream of STREAMS) {
      const length = histories[stream]?.length ?? 0;
      const now = stored({ ...histories, [stream]: history(stream, length, 'other') });
      expect((await verifyAll(new FixedStore(now, headsOf(now)))).findings).toEqual([]);
      const { byList, byRoot } = await differences(now, lists);
      expect(byList).toEqual([expect.objectContaining({ stream, revision: length - 1, kind: 'changed' })]);
      expect(byRoot).toEqual([expect.objectContaining({ kind: 'changed' })]);
    }
    const exchanged = stored({ ...histories, 'order-1': history('order-1', 8), 'order-5': history('order-5', 4) });
    const { byList, byRoot } = await differences(exchanged, lists);
    expect(byList.map(({ stream, kind }) => [stream, kind])).toEqual([['order-5', 'dropped']]);
    expect(byRoot).not.toEqual([]);
  });

  it('finds a stream that was put in before it, by the root', async () => {
    const now = stored({ 'order-0': history('order-0', 2), ...histories });
    const { byList, byRoot } = await differences(now, lists);
    for (const found of [byList, byRoot])
      expect(found).toEqual([expect.objectContaining({ message: expect.stringContaining('6 streams') })]);
  });

  it('holds for a copy that has the same streams in another order, by the list only', async () => {
    const { 'order-1': first, ...rest } = histories;
    const copy = stored({ ...rest, 'order-1': first ?? [] });
    const store = new FixedStore(copy, lists ? headsOf(copy) : undefined);
    expect(await compare(store, await checkpointOf(events, true), true)).toEqual([]);
    await expect(compare(store, await checkpointOf(events, false), true)).rejects.toThrow('only with a checkpoint that has the list');
    const cut = new FixedStore(copy.slice(0, -1));
    expect(await compare(cut, await checkpointOf(events, true), true)).toEqual([expect.objectContaining({ stream: 'order-1' })]);
  });
});

describe('The signature of a checkpoint', () => {
  it('fits with its own key, and survives being written down', async () => {
    for (const list of [true, false]) {
      const read = readCheckpoint(JSON.stringify(await checkpointOf(events, list), undefined, 2));
      expect(() => checkSignature(read, keys.publicKey)).not.toThrow();
      expect(read.heads?.length).toBe(list ? 5 : undefined);
    }
  });

  it('does not fit when any part was changed, or with another key', async () => {
    const checkpoint = await checkpointOf(events, true);
    const changed: Partial<Checkpoint>[] = [
      ...[{ number: 2 }, { at: 2 }, { position: 1 }, { streams: 4 }, { events: 1 }, { root: 'ab' }, { previous: 'ab' }],
      { signature: Buffer.alloc(64).toString('base64') },
      { key: 'ab' },
      { heads: (checkpoint.heads ?? []).slice(1) },
      { heads: (checkpoint.heads ?? []).map(([stream, revision]) => [stream, revision, 'ab'] as const) },
    ];
    for (const change of changed) expect(() => checkSignature({ ...checkpoint, ...change }, keys.publicKey)).toThrow(BadCheckpoint);
    expect(() => checkSignature(checkpoint, generateKeys().publicKey)).toThrow('another key');
    expect(() => checkSignature(checkpoint, 'no key')).toThrow('no Ed25519 key');
    await expect(makeCheckpoint(new FixedStore(events), { privateKey: keys.publicKey, at: 1 })).rejects.toThrow('no Ed25519 key');
  });

  it('K3: a row of checkpoints has no hole', async () => {
    const first = await checkpointOf(events.slice(0, 4), false);
    const second = await checkpointOf(events.slice(0, 9), false, first);
    const third = await checkpointOf(events, true, second);
    expect([first, second, third].map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(() => checkRow([first, second, third])).not.toThrow();
    expect(() => checkRow([first, third])).toThrow('number 3 does not follow number 1');
    expect(() => checkRow([{ ...first, at: 7 }, second])).toThrow(BadCheckpoint);
  });

  it.each(['', '{}', '[1]', '{"format":"skald-checkpoint/1"}'])('is not looked for in what is none: %j', (text) => {
    expect(() => readCheckpoint(text)).toThrow(BadCheckpoint);
  });
});
